// What a build reported of its tests and of how much of the code they ran: a
// line for each report, and the tests that failed with what they say.
import { codeBuild } from "../api/client.ts";
import { useLive } from "../api/live.ts";
import type { Report, TestCase } from "../api/types.ts";
import type { State } from "../status.ts";
import { duration } from "../time.ts";
import { Notice, Status } from "./basics.tsx";

const shownCases = 20;

interface Shown {
  report: Report;
  failed: TestCase[];
}

/** At most a page of each kind: who has more failed tests than that reads the log. */
async function readFailed(report: Report): Promise<TestCase[]> {
  const counts = report.testSummary?.statusCounts ?? {};
  const wanted = ["FAILED", "ERROR"].filter((status) => (counts[status] ?? 0) > 0);
  const pages = await Promise.all(
    wanted.map((status) => codeBuild<{ testCases: TestCase[] }>("DescribeTestCases", { reportArn: report.arn, filter: { status } })),
  );
  return pages.flatMap((page) => page.testCases);
}

async function readReports(arns: string[]): Promise<Shown[]> {
  const { reports } = await codeBuild<{ reports: Report[] }>("BatchGetReports", { reportArns: arns });
  return Promise.all(reports.map(async (report) => ({ report, failed: await readFailed(report) })));
}

export function Reports({ arns }: { arns: string[] }) {
  const live = useLive(`reports ${arns.join(" ")}`, () => readReports(arns), () => false);
  if (!live.data) return live.error ? <Notice kind="warn">The reports cannot be shown. {live.error}</Notice> : null;
  if (live.data.length === 0) return null;
  return (
    <section class="reports" aria-label="Reports">
      {live.data.map(({ report, failed }) => (
        <article key={report.arn}>
          <div class="report-head">
            <Status state={stateOf(report)} word={report.name} />
            <span class="muted">{report.testSummary ? tests(report) : coverage(report)}</span>
          </div>
          {report.problem ? <p class="muted report-problem">Incomplete: {report.problem}</p> : null}
          <Cases report={report} failed={failed} />
        </article>
      ))}
    </section>
  );
}

function Cases({ report, failed }: Shown) {
  if (failed.length === 0) return null;
  const counts = report.testSummary?.statusCounts ?? {};
  const more = (counts.FAILED ?? 0) + (counts.ERROR ?? 0) - Math.min(failed.length, shownCases);
  return (
    <ul class="cases" aria-label={`Failed tests of ${report.name}`}>
      {failed.slice(0, shownCases).map((one, index) => (
        <li key={index}>
          <details open={failed.length <= 3}>
            <summary>
              <span class="case-name">{one.name}</span>
              {one.prefix ? <span class="case-prefix">{one.prefix}</span> : null}
              <span class="number">{took(one)}</span>
            </summary>
            {/* tabIndex: what scrolls must be reachable with the keyboard. */}
            <pre class="case-message" tabIndex={0}>
              {one.message ?? "It says nothing more."}
            </pre>
          </details>
        </li>
      ))}
      {more > 0 ? <li class="muted cases-more">and {more} more: “penstock reports” lists them all</li> : null}
    </ul>
  );
}

/** Most tests take no time worth a word. */
function took(one: TestCase): string {
  const seconds = (one.durationInNanoSeconds ?? 0) / 1e9;
  return seconds < 0.05 ? "" : duration(seconds);
}

function stateOf(report: Report): State {
  if (report.status === "SUCCEEDED") return "succeeded";
  return report.status === "INCOMPLETE" && !failures(report) ? "waiting" : "failed";
}

function failures(report: Report): number {
  const counts = report.testSummary?.statusCounts ?? {};
  return (counts.FAILED ?? 0) + (counts.ERROR ?? 0);
}

/** "12 tests, 1 failed, 2 skipped, in 1.2 s" */
function tests(report: Report): string {
  const summary = report.testSummary!;
  const words: [string, string][] = [
    ["FAILED", "failed"],
    ["ERROR", "with errors"],
    ["SKIPPED", "skipped"],
    ["UNKNOWN", "unknown"],
  ];
  const parts = words.flatMap(([status, word]) => (summary.statusCounts[status] ? [`${summary.statusCounts[status]} ${word}`] : []));
  const total = summary.total === 1 ? "1 test" : `${summary.total} tests`;
  return [total, ...parts, `in ${duration(summary.durationInNanoSeconds / 1e9)}`].join(", ");
}

/** "85.3 % of 340 lines covered, 71.4 % of 20 branches" */
function coverage(report: Report): string {
  const code = report.codeCoverageSummary;
  if (!code) return "";
  const lines = code.linesCovered + code.linesMissed;
  const branches = code.branchesCovered + code.branchesMissed;
  if (lines === 0) return "no lines to cover";
  const share = (value: number | undefined) => `${(value ?? 0).toFixed(1).replace(/\.0$/, "")} %`;
  return `${share(code.lineCoveragePercentage)} of ${lines} lines covered${branches ? `, ${share(code.branchCoveragePercentage)} of ${branches} branches` : ""}`;
}
