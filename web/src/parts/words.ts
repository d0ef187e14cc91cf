// Names and phrases that several pages use.
import type { ActionDetail, ExecutionSummary, StageDetail } from "../api/types.ts";

const providers: Record<string, string> = {
  Manual: "Manual approval",
  CodeCommit: "CodeCommit",
  CodeBuild: "CodeBuild",
  CodeStarSourceConnection: "Connected repository",
  ECS: "Amazon ECS",
  CodeDeployToECS: "CodeDeploy, blue/green on ECS",
  CodeDeploy: "CodeDeploy",
  ECR: "Amazon ECR",
  S3: "Amazon S3",
  GitHub: "GitHub",
  RunTask: "One-off task on ECS",
  ScheduledTask: "Scheduled task on ECS",
  CloudFront: "Amazon CloudFront",
  Lambda: "AWS Lambda",
  StepFunctions: "AWS Step Functions",
  CloudFormation: "AWS CloudFormation",
  ElasticBeanstalk: "AWS Elastic Beanstalk",
  Release: "Release of several services",
};

export const providerName = (provider: string): string => providers[provider] ?? provider;

/** "arn:aws:iam::123456789012:user/ana" is "ana" to her colleagues. */
export function personName(who: string): string {
  return /^arn:/.test(who) ? (who.split("/").pop() ?? who) : who;
}

export function triggerWords(execution: ExecutionSummary): string {
  const trigger = execution.trigger;
  if (!trigger) return "";
  const by = trigger.by ? ` by ${personName(trigger.by)}` : "";
  switch (trigger.triggerType) {
    case "StartPipelineExecution":
      return by ? `started${by}` : "started by hand";
    case "CreatePipeline":
      return "first run";
    case "Webhook":
    case "WebhookV2":
      return `push${by}`;
    case "CloudWatchEvent":
      return `push${by}`;
    case "ManualRollback":
      return `rolled back${by || " by hand"}`;
    case "AutomatedRollback":
      return "rolled back because its condition says so";
    case "CronSchedule":
      return "schedule";
    default:
      return `${words(trigger.triggerType)}${by}`;
  }
}

/** "PutActionRevision" reads "put action revision". */
const words = (name: string): string => name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();

/** What cancelling does, told before the click, for the actions under way. */
export function cancelOutcome(actions: ActionDetail[]): string[] {
  const texts = actions.map((action) => {
    if (action.category === "Approval") return `${action.name}: the question is withdrawn; nothing was released.`;
    if (action.wait?.startsWith("waiting for a runner")) return `${action.name}: it is taken out of the queue before it starts.`;
    if (action.category === "Build" || action.category === "Test") return `${action.name}: the build’s container is killed.`;
    if (action.configuration?.OnCancel === "LEAVE") return `${action.name}: it is no longer watched; what is deployed stays (OnCancel is LEAVE).`;
    if (action.provider === "RunTask") return `${action.name}: the task is stopped; what it has changed by then stays.`;
    if (action.provider === "ECS") return `${action.name}: the service goes back to its previous task definition.`;
    if (action.provider === "CodeDeployToECS") return `${action.name}: the traffic goes back to the previous tasks.`;
    if (action.category === "Deploy") return `${action.name}: what was deployed is put back as it was.`;
    if (action.category === "Source") return `${action.name}: the fetch is stopped.`;
    return `${action.name}: it is stopped.`;
  });
  return texts.length ? texts : ["Nothing is under way: it just does not go on."];
}

/** How often a stage was tried again, and by whom; nothing where it was not. */
export function retryWords(retries: StageDetail["retries"]): string | undefined {
  if (!retries) return undefined;
  const by = [retries.manual ? `${retries.manual} by hand` : "", retries.automatic ? `${retries.automatic} by its condition` : ""].filter(Boolean);
  const count = retries.manual + retries.automatic;
  return `Tried again ${count === 1 ? "once" : `${count} times`}: ${by.join(", ")}`;
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** A digest says enough with twelve of its 64 digits. */
export const shortImage = (image: string): string => image.replace(/(@sha256:[0-9a-f]{12})[0-9a-f]{52}$/, "$1…");
