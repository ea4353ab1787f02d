/**
 * What is kept of the results of jobs: how each stands, what turned, and how many jobs of an
 * evaluation came to what. Each call is one transaction; two at once wait for each other.
 */
export interface Weighed {
  /** Builds that ended, or were scheduled again after they had, since the call before. */
  readonly builds: number;
  /** Evaluations whose jobs were counted for the first time. */
  readonly evaluations: number;
  /** Jobs that broke or were mended. */
  readonly turned: number;
}

export interface WeatherStore {
  /**
   * Takes in a bounded number of builds and, when there are no more of them, one evaluation that
   * has ended. Nothing, when all is taken in.
   */
  weigh(): Promise<Weighed>;
}
