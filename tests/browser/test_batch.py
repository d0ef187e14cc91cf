"""An action that is a batch: its builds, how each stands, and their logs."""
import mock_logs

ARN = 'arn:aws:codebuild:eu-west-1:123456789012:build/checkout:'


def group(identifier, status=None, depends=(), log=None, **more):
    summary = {'buildStatus': status, **({'arn': ARN + log} if log else {})} if status else None
    return {'identifier': identifier, 'dependsOn': list(depends), 'ignoreFailure': False, **({'currentBuildSummary': summary} if summary else {}), **more}


def make(server, status, groups):
    """The newest execution's first action becomes a batch; its address."""
    run = next(run for run in server.pipeline('shop')['executions'] if run['stages'][1]['actions'][0].get('status'))
    action = run['stages'][1]['actions'][0]
    action.update(status=status, log={'logId': 'log-batch', 'lines': 2, 'bytes': 90, 'closed': status != 'InProgress'},
                  buildBatch={'id': 'shop:1', 'buildBatchStatus': status, 'buildGroups': groups})
    if status == 'Failed':
        action.update(errorMessage='the batch failed: 1 of 3 builds succeeded; linux_arm: FAILED, package: not built')
    server.logs['log-batch'] = mock_logs.Log(['linux_x86: SUCCEEDED', 'linux_arm: FAILED'])
    server.logs['u-arm'] = mock_logs.Log(['the build of linux_arm fails here'])
    server.logs['u-x86'] = mock_logs.Log(['the build of linux_x86 is good'])
    return f"/pipelines/shop/executions/{run['execution']['pipelineExecutionId']}/{run['stages'][1]['name']}/{action['name']}"


FAILED = [group('DOWNLOAD_SOURCE', 'SUCCEEDED', log='u-source'), group('linux_x86', 'SUCCEEDED', log='u-x86'),
          group('linux_arm', 'FAILED', log='u-arm', priorBuildSummaryList=[{'buildStatus': 'FAILED'}]),
          group('docs', 'FAILED', log='u-docs', ignoreFailure=True),
          group('package', 'STOPPED', ['linux_x86', 'linux_arm'])]


def test_a_failed_batch_shows_the_build_that_failed(page, server):
    page.open(make(server, 'Failed', FAILED))
    page.sees('the build of linux_arm fails here')
    rows = [row.text for row in page.all('.batch-row')]
    assert 'tried once before' in rows[3] and 'its failure is ignored' in rows[4]
    assert 'not built, after linux_x86, linux_arm' in rows[5]
    assert page.run('return document.querySelector(".batch-row[aria-pressed=true]").innerText').startswith('linux_arm')
    page.run('[...document.querySelectorAll(".batch-row")].find(row => row.innerText.startsWith("linux_x86")).click()')
    page.sees('the build of linux_x86 is good')
    page.run('document.querySelector(".batch-row").click()')
    page.sees('linux_arm: FAILED')


def test_a_batch_under_way(page, server):
    page.open(make(server, 'InProgress', [group('DOWNLOAD_SOURCE', 'SUCCEEDED', log='u-source'), group('linux_x86', 'IN_PROGRESS', log='u-x86'), group('package', depends=['linux_x86'])]))
    page.sees('linux_x86: SUCCEEDED')  # the batch's own lines
    assert 'waits, after linux_x86' in page.all('.batch-row')[3].text
    assert page.run('return document.querySelectorAll(".batch-row:disabled").length') == 1
