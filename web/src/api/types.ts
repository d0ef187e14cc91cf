// What the server's operations answer, as docs/doors.md writes it down.
// Times are epoch seconds with a fraction; absent members are unset.

export interface Session {
  user: string;
  csrfToken?: string;
  serverVersion: string;
  region: string;
  accountId: string;
  runnersOnline: number;
}

export interface Commit {
  id: string;
  author: string;
  summary: string;
  created: number;
}

export interface Approval {
  pipelineName: string;
  pipelineExecutionId: string;
  stageName: string;
  actionName: string;
  token: string;
  since: number;
  expires?: number;
  customData?: string;
  externalEntityLink?: string;
  changes?: { from?: string; to: string; commits: Commit[]; truncated: boolean };
  /** Set where a deployment asks, in the middle of its traffic shift. */
  pause?: { id: string; stage?: string; sentence: string; testUrl?: string };
}

export interface Revision {
  actionName: string;
  artifactName?: string;
  revisionId: string;
  revisionSummary?: string;
  revisionUrl?: string;
  author?: string;
  branch?: string;
  created?: number;
}

export interface ExecutionName {
  pipelineExecutionId: string;
  number: number;
  executionType?: "STANDARD" | "ROLLBACK";
}

export interface Transition {
  enabled: boolean;
  reason?: string;
  by?: string;
  changed?: number;
}

export interface StageSummary {
  name: string;
  status?: string;
  wait?: string;
  /** The newest execution in it; what follows says what a person may do there. */
  execution?: ExecutionName;
  canRetry?: boolean;
  rollbackTarget?: ExecutionName;
  transition?: Transition;
  waiting?: (ExecutionName & { wait?: string })[];
}

export interface ExecutionSummary {
  pipelineName: string;
  pipelineExecutionId: string;
  number: number;
  status: string;
  statusSummary?: string;
  started: number;
  updated: number;
  ended?: number;
  version: number;
  executionType?: "STANDARD" | "ROLLBACK";
  rollbackOf?: ExecutionName;
  trigger?: { triggerType: string; triggerDetail?: string; by?: string };
  stopReason?: string;
  stoppedBy?: string;
  stages: StageSummary[];
  revisions: Revision[];
  wait?: string;
  approval?: Approval;
  /** A deploy under way that does not get on. */
  stuck?: { stageName: string; actionName: string; cause: Cause };
}

export interface PipelineSummary {
  name: string;
  version: number;
  created: number;
  updated: number;
  executionMode: string;
  pipelineType: string;
  origin: "api" | "file";
  file?: string;
  fileError?: string;
  latestExecution?: ExecutionSummary;
  stages: StageSummary[];
  approval?: Approval;
}

export interface Overview {
  pipelines: PipelineSummary[];
  approvalsPending: number;
  jobsQueued: number;
  runnersOnline: number;
}

export interface Declaration {
  name: string;
  version?: number;
  stages: {
    name: string;
    actions: {
      name: string;
      actionTypeId: { category: string; provider: string; owner?: string; version?: string };
      runOrder?: number;
      configuration?: Record<string, string>;
    }[];
  }[];
}

export interface PipelineDetail {
  pipeline: PipelineSummary;
  declaration: Declaration;
  executions: ExecutionSummary[];
  repository?: { name: string; branch: string; cloneUrl: string };
}

export interface ActionDetail {
  name: string;
  category: string;
  provider: string;
  runOrder: number;
  status?: string;
  wait?: string;
  actionExecutionId?: string;
  summary?: string;
  started?: number;
  updated?: number;
  ended?: number;
  externalExecutionId?: string;
  externalExecutionUrl?: string;
  errorCode?: string;
  errorMessage?: string;
  percentComplete?: number;
  updatedBy?: string;
  log?: { logId: string; lines: number; bytes: number; closed: boolean };
  runner?: string;
  build?: Build;
  buildBatch?: BuildBatch;
  outputVariables?: Record<string, string>;
  configuration: Record<string, string>;
  inputArtifacts: string[];
  outputArtifacts: string[];
  approval?: Approval;
  target?: { name: string; held: boolean };
  deployment?: Deployment;
}

/** What a deployment is doing, or did. */
export interface Deployment {
  kind: string;
  targets?: DeploymentTarget[];
  strategy?: string;
  stage?: string;
  trafficPercent?: number;
  tasks?: { desired: number; running: number; pending: number; failed: number; old: number };
  diff?: DiffLine[];
  preflight?: PreflightCheck[];
  timeline?: { at: number; text: string }[];
  cause?: Cause;
  evidence?: Evidence[];
  probe?: { url: string; asked: number; failed404: number; failedOther: number };
  pause?: { id: string; stage: string; sentence: string; testUrl?: string; expires?: number };
  cancel?: { by?: string; asked: number; ended?: number; seconds?: number; from: string; to: string; how?: string; sentence?: string };
}

export interface DeploymentTarget {
  name: string;
  from?: string;
  to?: string;
  images?: { container: string; image: string; digest?: string }[];
}

export interface DiffLine {
  line: string;
  change: " " | "+" | "-";
}

export interface PreflightCheck {
  check: string;
  status: "OK" | "FAILED" | "SKIPPED";
  sentence: string;
}

export interface Cause {
  id: string;
  sentence: string;
  evidence?: string;
  change?: string;
  since: number;
}

export interface Evidence {
  at: number;
  source: "EVENT" | "TASK" | "TARGET" | "LOG";
  subject: string;
  text: string;
}

/** A pipeline's stage that deploys, and what runs there. */
export interface Environment {
  pipelineName: string;
  stageName: string;
  actions: { name: string; provider: string }[];
  targets: EnvironmentTarget[];
  /** The newest that was in the stage: it may be deploying now. */
  inStage?: ExecutionName & { status?: string };
  rollbackTarget?: ExecutionName;
}

interface Placed {
  name: string;
  kind: string;
  actionName: string;
  revision?: string;
  previous?: string;
  images?: { container: string; image: string; digest?: string }[];
}

export interface EnvironmentTarget extends Placed {
  since: number;
  execution: ExecutionName;
  rollbackOf?: ExecutionName;
  startedBy?: string;
  approvedBy?: string;
  revisions: Revision[];
  /** Another pipeline or stage deployed to it since: that is what runs there. */
  replacedBy?: { pipelineName: string; stageName: string; actionName: string; execution: ExecutionName; revision?: string; since: number };
}

export interface Release {
  execution: ExecutionName;
  rollbackOf?: ExecutionName;
  since: number;
  startedBy?: string;
  approvedBy?: string;
  revisions: Revision[];
  targets: Placed[];
  current: boolean;
  canRollBack: boolean;
  whyNot?: string;
}

export interface Build {
  id?: string;
  buildNumber?: number;
  currentPhase?: string;
  buildStatus?: string;
  phases?: {
    phaseType: string;
    phaseStatus?: string;
    startTime?: number;
    endTime?: number;
    durationInSeconds?: number;
    contexts?: { statusCode?: string; message?: string }[];
  }[];
  reportArns?: string[];
}

export interface BuildSummary {
  arn?: string;
  buildStatus?: string;
}

export interface BuildGroup {
  identifier: string;
  dependsOn?: string[];
  ignoreFailure?: boolean;
  currentBuildSummary?: BuildSummary;
  priorBuildSummaryList?: BuildSummary[];
}

/** As BatchGetBuildBatches shows it. */
export interface BuildBatch {
  id: string;
  buildBatchStatus: string;
  buildGroups?: BuildGroup[];
}

export interface Report {
  arn: string;
  name: string;
  type: "TEST" | "CODE_COVERAGE";
  status: string;
  truncated?: boolean;
  /** Why it is INCOMPLETE. */
  problem?: string;
  testSummary?: { total: number; statusCounts: Record<string, number>; durationInNanoSeconds: number };
  codeCoverageSummary?: {
    lineCoveragePercentage?: number;
    linesCovered: number;
    linesMissed: number;
    branchCoveragePercentage?: number;
    branchesCovered: number;
    branchesMissed: number;
  };
}

export interface TestCase {
  name: string;
  prefix?: string;
  status: string;
  message?: string;
  durationInNanoSeconds?: number;
}

export interface StageDetail {
  name: string;
  status?: string;
  started?: number;
  updated?: number;
  wait?: string;
  actions: ActionDetail[];
  conditions?: Condition[];
  retries?: { automatic: number; manual: number; latestTrigger: string };
  canRetry?: boolean;
  canRetryAll?: boolean;
  canRollBackTo?: boolean;
}

export type ConditionType = "BEFORE_ENTRY" | "ON_SUCCESS" | "ON_FAILURE";

export interface Condition {
  type: ConditionType;
  result: "FAIL" | "SKIP" | "ROLLBACK" | "RETRY";
  rules: Rule[];
  status?: string;
  summary?: string;
  started?: number;
  updated?: number;
  ended?: number;
  canOverride?: boolean;
}

type Run = "status" | "wait" | "actionExecutionId" | "summary" | "started" | "updated" | "ended" | "externalExecutionId" | "externalExecutionUrl" | "errorCode" | "errorMessage";

export interface Rule extends Pick<ActionDetail, Run | "percentComplete" | "updatedBy" | "log" | "runner" | "name" | "provider" | "configuration"> {
  commands?: string[];
  expires?: number;
}

export interface ExecutionDetail {
  execution: ExecutionSummary;
  stages: StageDetail[];
  canStop: boolean;
  canRunAgain: boolean;
  declarationVersion: number;
}

// Of AWS's GetPipelineState: the newest execution that entered each stage.
export interface PipelineState {
  stageStates: { stageName: string; latestExecution?: { pipelineExecutionId: string; status: string } }[];
}

export interface Runner {
  runnerId: string;
  name: string;
  status: "online" | "offline";
  lastSeen?: number;
  created: number;
  version?: string;
  currentJobs?: { pipelineName?: string; pipelineExecutionId?: string; stageName?: string; actionName?: string; buildId?: string }[];
}

export interface AccessKey {
  accessKeyId: string;
  userName?: string;
  created: number;
  secretAccessKey?: string;
}

export interface GitToken {
  tokenId: string;
  description?: string;
  created: number;
  token?: string;
}

export interface SourceHook {
  hookId: string;
  provider: string;
  repository: string;
  cloneUrl: string;
  payloadUrl: string;
  created: number;
  lastDelivery?: number;
}

export interface PenstockEvent {
  sequence: number;
  time: number;
  type: string;
  pipelineName?: string;
  pipelineExecutionId?: string;
  stageName?: string;
  actionName?: string;
  status?: string;
}

export interface LogLine {
  n: number;
  t: number;
  text: string;
}

export interface LogPage {
  logId: string;
  from: number;
  lines: LogLine[];
  total: number;
  closed: boolean;
}
