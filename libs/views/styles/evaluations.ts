/** Evaluation, specification, commit and request pages. */
export const evaluationStyle = ``;
