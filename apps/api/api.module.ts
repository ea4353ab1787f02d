/** All of the api: REST, the hook, the dashboard's pages and the worker gateway. */
import { Module, type DynamicModule } from '@nestjs/common';
import { HealthController } from '#nest/health.js';
import { adminControllers, adminProviders } from './admin/admin-parts.js';
import { AccessModule } from './access/access.module.js';
import { AuditChainController, AuditEntriesController } from './access/audit.controller.js';
import { BuildPageModels } from './builds/build-page-models.js';
import { BuildPagesController } from './builds/build-pages.controller.js';
import { BuildReader } from './builds/build-reader.js';
import { BuildsController } from './builds/builds.controller.js';
import { PlannerInquiry } from './builds/planner-inquiry.js';
import { RecipeReader } from './builds/recipe-reader.js';
import { ReproduceController } from './builds/reproduce.controller.js';
import { StoryController } from './builds/story.controller.js';
import { StoryReader } from './builds/story-reader.js';
import { WaitReader } from './builds/wait-reader.js';
import { commitControllers, commitProviders } from './commits/commit-parts.js';
import { cuirassControllers, cuirassProviders } from './cuirass/cuirass-parts.js';
import { EvaluationReader } from './evaluations/evaluation-reader.js';
import { evaluationControllers, evaluationProviders } from './evaluations/evaluation-parts.js';
import { EvaluationSources } from './evaluations/evaluation-sources.js';
import { EvaluationsController } from './evaluations/evaluations.controller.js';
import { CuirassSourcesController, SourcesController } from './evaluations/sources.controller.js';
import { EventStreams } from './events/event-streams.js';
import { EventsController } from './events/events.controller.js';
import type { FarmParts } from './farm/farm-parts.js';
import { FarmModule } from './farm/farm.module.js';
import { GatewayModule } from './gateway/gateway.module.js';
import { BuildLogsController } from './logs/build-logs.controller.js';
import { EvaluationLogsController } from './logs/evaluation-logs.controller.js';
import { LogLibrary } from './logs/log-library.js';
import { LogPageModels } from './logs/log-page-models.js';
import { LogPagesController } from './logs/log-pages.controller.js';
import { LogStream } from './logs/log-stream.js';
import { LogsOf } from './logs/logs-of.js';
import { NotificationsController } from './notifications/notifications.controller.js';
import { FarmMeasures } from './measures/farm-measures.js';
import { PackageReader } from './packages/package-reader.js';
import { PackagesController } from './packages/packages.controller.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { Availabilities } from './pages/availabilities.js';
import { HomeController } from './pages/home.controller.js';
import { HomeReader } from './pages/home-reader.js';
import { PagesController } from './pages/pages.controller.js';
import { LogTails } from './pages/log-tails.js';
import { Notices } from './pages/notices.js';
import { OverviewModels } from './pages/page-models.js';
import { DownloadController } from './products/download.controller.js';
import { QueueController } from './queue/queue.controller.js';
import { QueueCounts } from './queue/queue-counts.js';
import { QueueReader } from './queue/queue-reader.js';
import {
  CollectionsController,
  FarmController,
  PinsController,
  ReleasesController,
} from './retention/retention.controller.js';
import { Retention } from './retention/retention.js';
import { RepositoriesController } from './specifications/repositories.controller.js';
import { SpecificationReader } from './specifications/specification-reader.js';
import { SpecificationStandingController } from './specifications/standing.controller.js';
import { SpecificationWriter } from './specifications/specification-writer.js';
import { SpecificationsController } from './specifications/specifications.controller.js';
import {
  IntegrityController,
  VerificationsController,
} from './verifications/verifications.controller.js';
import { StoresController } from './stores/stores.controller.js';
import { Stores } from './stores/stores.js';
import { TokensController } from './tokens/tokens.controller.js';
import { Tokens } from './tokens/tokens.js';
import { UpstreamsController } from './upstreams/upstreams.controller.js';
import { Upstreams } from './upstreams/upstreams.js';
import { UseController } from './use/use.controller.js';
import { UseReader } from './use/use-reader.js';
import { WorkerStandingController } from './workers/worker-standing.controller.js';
import { WorkerStanding } from './workers/worker-standing.js';
import { WorkerPageController } from './workers/worker-page.controller.js';
import { WorkersController } from './workers/workers.controller.js';
import { ForgeEventsController } from './cuirass/forge-events.controller.js';
import { Forges } from './webhooks/forges.js';
import { ForgesController } from './webhooks/forges.controller.js';
import { WebhookIntake } from './webhooks/webhook-intake.js';
import { WebhooksController } from './webhooks/webhooks.controller.js';
import {
  BuildWishesController,
  EvaluationWishesController,
  IntentsController,
} from './wishes/wishes.controller.js';
import { Wishes } from './wishes/wishes.js';

@Module({
  controllers: [
    HealthController,
    SpecificationsController,
    SpecificationStandingController,
    RepositoriesController,
    ...cuirassControllers,
    ...adminControllers,
    EvaluationsController,
    ...evaluationControllers,
    ...commitControllers,
    SourcesController,
    CuirassSourcesController,
    BuildsController,
    BuildLogsController,
    EvaluationLogsController,
    LogPagesController,
    ReproduceController,
    StoryController,
    BuildPagesController,
    DownloadController,
    WorkersController,
    WorkerPageController,
    WorkerStandingController,
    QueueController,
    EventsController,
    MetricsController,
    PackagesController,
    BuildWishesController,
    EvaluationWishesController,
    IntentsController,
    VerificationsController,
    IntegrityController,
    PinsController,
    ReleasesController,
    CollectionsController,
    FarmController,
    StoresController,
    TokensController,
    AuditEntriesController,
    AuditChainController,
    UpstreamsController,
    NotificationsController,
    WebhooksController,
    ForgesController,
    ForgeEventsController,
    HomeController,
    PagesController,
    UseController,
  ],
  providers: [
    Availabilities,
    HomeReader,
    BuildPageModels,
    BuildReader,
    StoryReader,
    ...cuirassProviders,
    ...adminProviders,
    EvaluationReader,
    ...evaluationProviders,
    ...commitProviders,
    EvaluationSources,
    FarmMeasures,
    EventStreams,
    Forges,
    LogLibrary,
    LogPageModels,
    LogStream,
    LogTails,
    PackageReader,
    LogsOf,
    Notices,
    OverviewModels,
    PlannerInquiry,
    QueueCounts,
    QueueReader,
    RecipeReader,
    Retention,
    SpecificationReader,
    SpecificationWriter,
    UseReader,
    Stores,
    Tokens,
    Upstreams,
    WaitReader,
    WebhookIntake,
    Wishes,
    WorkerStanding,
  ],
})
export class ApiModule {
  static of(parts: FarmParts): DynamicModule {
    return { module: ApiModule, imports: [FarmModule.of(parts), AccessModule, GatewayModule] };
  }
}
