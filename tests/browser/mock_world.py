"""The data of the mock server: pipelines in every state, as a server would have them.

`demo_world` looks like the demo; `hostile_world` holds names and texts that try
to break the page. Both are plain dictionaries in the shapes of docs/doors.md.
"""
import hashlib
import time
import uuid

XSS = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
LONG = 'a-very-long-name-without-any-place-to-break-it-' * 2 + 'end'


def sha(text):
    return hashlib.sha1(text.encode()).hexdigest()


def commit(summary, author='Ana Ruiz', ago=3600, now=None):
    return {'id': sha(summary + author), 'summary': summary, 'author': author, 'created': (now or time.time()) - ago}


def action(name, category, provider, order=1, status=None, **more):
    return {'name': name, 'category': category, 'provider': provider, 'runOrder': order, 'configuration': {},
            'inputArtifacts': [], 'outputArtifacts': [], **({'status': status} if status else {}), **more}


def timed(entry, started, took=None):
    """Gives an action its times; without `took` it is still under way."""
    entry['actionExecutionId'] = str(uuid.uuid4())
    entry['started'] = started
    entry['updated'] = started if took is None else started + took
    if took is not None:
        entry['ended'] = started + took
    return entry


def stage(name, status, actions, **more):
    return {'name': name, 'actions': actions, **({'status': status} if status else {}), **more}


def execution(pipeline, number, status, stages, started, revision, ended=None, **more):
    entry = {
        'pipelineName': pipeline, 'pipelineExecutionId': str(uuid.uuid4()), 'number': number, 'status': status,
        'started': started, 'updated': ended or started, 'version': 3,
        'trigger': {'triggerType': 'CloudWatchEvent', 'triggerDetail': f'push to {pipeline}, branch main', 'by': 'ana'},
        'revisions': [{'actionName': 'App', 'artifactName': 'App', 'revisionId': revision['id'], 'revisionSummary': revision['summary'],
                       'author': revision['author'], 'branch': 'main', 'created': revision['created']}] if revision else [],
        **more,
    }
    if ended:
        entry['ended'] = ended
    return {'execution': entry, 'stages': stages, 'declarationVersion': 3}


def pipeline(name, executions, **more):
    """The newest execution comes first; the declaration is read off its stages."""
    newest = executions[0] if executions else None
    declared = more.pop('declared', None) or newest['stages']
    now = time.time()
    return {
        'name': name, 'version': 3, 'created': now - 90 * 86400, 'updated': now - 5 * 86400, 'executionMode': 'SUPERSEDED',
        'pipelineType': 'V2', 'origin': 'file', 'file': f'{name}.yml',
        'declaration': {'name': name, 'version': 3, 'stages': [
            {'name': s['name'], 'actions': [
                {'name': a['name'], 'runOrder': a['runOrder'], 'configuration': a['configuration'],
                 'actionTypeId': {'category': a['category'], 'owner': 'AWS', 'provider': a['provider'], 'version': '1'}}
                for a in s['actions']]} for s in declared]},
        'executions': executions, **more,
    }


def blank(stages):
    """The same stages, not begun."""
    keep = ('name', 'category', 'provider', 'runOrder', 'configuration', 'inputArtifacts', 'outputArtifacts')
    return [{'name': s['name'], 'actions': [{k: a[k] for k in keep} for a in s['actions']]} for s in stages]


def shop_stages(started, release, build_log=None):
    source = timed(action('App', 'Source', 'CodeCommit', status='Succeeded', summary='Say hello from the shop',
                          configuration={'RepositoryName': 'shop', 'BranchName': 'main'}, outputArtifacts=['App']), started, 0.4)
    image = timed(action('Image', 'Build', 'CodeBuild', status='Succeeded', summary='2 images pushed', runner='build-1',
                         configuration={'ProjectName': 'shop'}, inputArtifacts=['App'], outputArtifacts=['Images'],
                         outputVariables={'IMAGE_TAG': '8bc1d22'},
                         build={'id': 'shop:1', 'buildNumber': 12, 'phases': [
                             {'phaseType': 'PROVISIONING', 'phaseStatus': 'SUCCEEDED', 'durationInSeconds': 1},
                             {'phaseType': 'INSTALL', 'phaseStatus': 'SUCCEEDED', 'durationInSeconds': 2},
                             {'phaseType': 'PRE_BUILD', 'phaseStatus': 'SUCCEEDED', 'durationInSeconds': 1},
                             {'phaseType': 'BUILD', 'phaseStatus': 'SUCCEEDED', 'durationInSeconds': 31},
                             {'phaseType': 'POST_BUILD', 'phaseStatus': 'SUCCEEDED', 'durationInSeconds': 6}]}), started + 1, 41)
    if build_log:
        image['log'] = {'logId': build_log, 'lines': 0, 'bytes': 0, 'closed': True}
    return [stage('Source', 'Succeeded', [source]), stage('Build', 'Succeeded', [image]), release]


def ask(name, run, stage_name, action_name, since, commits, live, **more):
    """Puts the question before a person: the same approval hangs on execution and action."""
    approval = {'pipelineName': name, 'pipelineExecutionId': run['execution']['pipelineExecutionId'], 'stageName': stage_name,
                'actionName': action_name, 'token': str(uuid.uuid4()), 'since': since, 'expires': since + 7 * 86400,
                'changes': {**({'from': live} if live else {}), 'to': commits[0]['id'], 'commits': commits, 'truncated': False}, **more}
    run['execution']['approval'] = approval
    run['execution']['wait'] = f'waiting for approval: {stage_name}/{action_name}'
    for s in run['stages']:
        for a in s['actions']:
            if (s['name'], a['name']) == (stage_name, action_name):
                a['approval'] = approval
                a['wait'] = 'waiting for approval'
    return run


def release(status=None, approve=None, deploy=None):
    actions = [approve or action('Approve', 'Approval', 'Manual'),
               deploy or action('Deploy', 'Deploy', 'ECS', 2, configuration={'ClusterName': 'prod', 'ServiceName': 'shop'}, inputArtifacts=['Images'])]
    return stage('Release', status, actions)


def approved(started, who='ben', words='Looks right on staging'):
    return timed(action('Approve', 'Approval', 'Manual', status='Succeeded', summary=words, updatedBy=who), started, 240)


def shop(now):
    commits = [commit('Show the delivery date in the basket', 'Ana Ruiz', 1500, now),
               commit('Round prices half up, not half even', 'Ben Okafor', 5400, now),
               commit('Cache product pictures for a day', 'Mei Tanaka', 9000, now)]
    live = sha('live')
    started = now - 305
    ask_action = timed(action('Approve', 'Approval', 'Manual', status='InProgress'), now - 262)
    waiting = execution('shop', 12, 'InProgress', shop_stages(started, release('InProgress', ask_action), 'log-shop-12'), started, commits[0])
    ask('shop', waiting, 'Release', 'Approve', now - 262, commits, live, customData='Releases to prod: rp and web, behind the load balancer.')

    deployed = timed(action('Deploy', 'Deploy', 'ECS', 2, status='Succeeded', summary='shop:41 serves with 2 of 2 tasks',
                            configuration={'ClusterName': 'prod', 'ServiceName': 'shop'}), now - 86000, 64)
    done = execution('shop', 11, 'Succeeded', shop_stages(now - 86400, release('Succeeded', approved(now - 86350), deployed), 'log-shop-11'),
                     now - 86400, commit('Say who packs the parcel', 'Mei Tanaka', 90000, now), now - 85936)

    undone = timed(action('Deploy', 'Deploy', 'ECS', 2, status='Abandoned', summary='put back to shop:40'), now - 172000, 31)
    cancelled = execution('shop', 10, 'Stopped', shop_stages(now - 172800, release('Stopped', approved(now - 172700), undone)), now - 172800,
                          commit('Try the new health check', 'Ben Okafor', 180000, now), now - 171960, stoppedBy='ben', stopReason='never gets healthy')

    broken = shop_stages(now - 250000, release(), 'log-shop-9')
    broken[1]['status'] = 'Failed'
    broken[1]['actions'][0].update(status='Failed', errorCode='BuildFailed', summary=None,
                                   errorMessage="command 'npm test' in phase BUILD exited with 1")
    del broken[1]['actions'][0]['summary']
    failed = execution('shop', 9, 'Failed', broken, now - 250000, commit('Upgrade to the new router', 'Ana Ruiz', 251000, now), now - 249958)
    superseded = execution('shop', 8, 'Superseded', [shop_stages(now - 260000, release())[0], *blank(broken)[1:]], now - 260000,
                           commit('Fix a typo', 'Mei Tanaka', 261000, now), now - 259000, statusSummary='superseded by execution 9')
    return pipeline('shop', [waiting, done, cancelled, failed, superseded],
                    repository={'name': 'shop', 'branch': 'main', 'cloneUrl': 'http://127.0.0.1:8080/git/shop'})


def api(now):
    source = timed(action('Source', 'Source', 'CodeStarSourceConnection', status='Succeeded'), now - 95, 1.2)
    unit = timed(action('Unit', 'Test', 'CodeBuild', status='Succeeded', runner='build-1', summary='1204 passed'), now - 93, 40)
    lint = timed(action('Lint', 'Test', 'CodeBuild', status='Succeeded', runner='build-2'), now - 93, 12)
    image = timed(action('Image', 'Build', 'CodeBuild', 2, status='InProgress', runner='build-1', percentComplete=62, summary='step 9 of 14'), now - 52)
    image['log'] = {'logId': 'log-live', 'lines': 0, 'bytes': 0, 'closed': False}
    stages = [stage('Source', 'Succeeded', [source]), stage('Build', 'InProgress', [unit, lint, image]),
              stage('Staging', None, [action('Deploy', 'Deploy', 'ECS')]),
              stage('Production', None, [action('Approve', 'Approval', 'Manual'), action('Deploy', 'Deploy', 'ECS', 2)])]
    run = execution('api', 204, 'InProgress', stages, now - 96, commit('Answer 429 with Retry-After', 'Noor Haddad', 400, now),
                    trigger={'triggerType': 'WebhookV2', 'triggerDetail': 'push to example/api'})
    before = execution('api', 203, 'Succeeded', [{**s, 'status': 'Succeeded', 'actions': [
        timed({**a, 'status': 'Succeeded'}, now - 9000, 30) for a in s['actions']]} for s in blank(stages)], now - 9000,
        commit('Log the request id', 'Noor Haddad', 9100, now), now - 8700)
    return pipeline('api', [run, before])


def worker(now):
    stages = [stage('Source', 'Succeeded', [timed(action('App', 'Source', 'CodeCommit', status='Succeeded'), now - 700, 0.6)]),
              stage('Release', 'Stopping', [timed(action('Deploy', 'Deploy', 'ECS', status='InProgress', runner='build-2',
                                                         summary='putting the service back to worker:17'), now - 690)])]
    run = execution('worker', 31, 'Stopping', stages, now - 700, commit('Use the arm64 image', 'Ben Okafor', 800, now),
                    stoppedBy='mei', stopReason='wrong CPU type', wait='stopping: waiting for Release/Deploy to be undone')
    return pipeline('worker', [run])


def docs_site(now):
    stages = [stage('Source', 'Succeeded', [timed(action('App', 'Source', 'CodeCommit', status='Succeeded'), now - 3 * 86400, 0.5)]),
              stage('Publish', 'Succeeded', [timed(action('Upload', 'Deploy', 'S3', status='Succeeded'), now - 3 * 86400 + 1, 3.4)])]
    return pipeline('docs-site', [execution('docs-site', 77, 'Succeeded', stages, now - 3 * 86400,
                                            commit('Explain sign-in links', 'Mei Tanaka', 3 * 86400 + 60, now), now - 3 * 86400 + 5,
                                            trigger={'triggerType': 'StartPipelineExecution', 'by': 'arn:aws:iam::123456789012:user/mei'})],
                    origin='api', file=None)


def nightly(now):
    stages = [stage('Source', 'Succeeded', [timed(action('App', 'Source', 'CodeCommit', status='Succeeded'), now - 30000, 0.5)]),
              stage('Test', 'Failed', [timed(action('Browsers', 'Test', 'CodeBuild', status='Failed', errorCode='BuildFailed', runner='build-1',
                                                    errorMessage="image 'registry.example.com/browsers:12' does not exist; check the project's environment",
                                                    log={'logId': 'log-nightly', 'lines': 0, 'bytes': 0, 'closed': True}), now - 29999, 2.2)])]
    return pipeline('nightly', [execution('nightly', 410, 'Failed', stages, now - 30000, commit('Raise the timeout', 'Noor Haddad', 31000, now),
                                          now - 29996, trigger={'triggerType': 'CronSchedule', 'triggerDetail': 'every day at 03:00'})],
                    fileError='nightly.yml:14:9: unknown key \'projcets\'; did you mean \'projects\'?')


def queued(now):
    first = [stage('Source', 'InProgress', [action('App', 'Source', 'CodeCommit', status='InProgress', wait='waiting for a runner')])]
    return pipeline('mail', [execution('mail', 5, 'InProgress', first + blank([stage('Build', None, [action('Image', 'Build', 'CodeBuild')])]), now - 8,
                                       None, wait='waiting for a runner')])


def back_to(run):
    return {'pipelineExecutionId': run['execution']['pipelineExecutionId'], 'number': run['execution']['number'],
            'executionType': run['execution'].get('executionType', 'STANDARD')}


def condition(kind, result, rules, status=None, **more):
    return {'type': kind, 'result': result, 'rules': rules, **({'status': status} if status else {}), **more}


def rule(name, provider, status=None, **more):
    return {'name': name, 'provider': provider, 'configuration': {}, **({'status': status} if status else {}), **more}


def checkout_stages(now, **status):
    """The stages of `checkout`, each with what is said of it; the others were not reached."""
    stages = [stage('Source', None, [action('App', 'Source', 'CodeCommit')]),
              stage('Release', None, [action('Deploy', 'Deploy', 'ECS')]),
              stage('Smoke', None, [action('Probe', 'Test', 'CodeBuild'), action('Orders', 'Test', 'CodeBuild')],
                    conditions=[condition('ON_FAILURE', 'RETRY', [rule('Flaky', 'VariableCheck')])]),
              stage('Notify', None, [action('Mail', 'Build', 'CodeBuild')],
                    conditions=[condition('BEFORE_ENTRY', 'SKIP', [rule('Wanted', 'VariableCheck')])]),
              stage('Audit', None, [action('Report', 'Build', 'CodeBuild')],
                    conditions=[condition('BEFORE_ENTRY', 'FAIL', [rule('OfficeHours', 'DeploymentWindow'), rule('Quiet', 'Commands')])])]
    for s in stages:
        if s['name'] in status:
            s['status'] = status[s['name']]
            for a in s['actions'] if s['status'] in ('Succeeded', 'Failed') else []:
                a['status'] = s['status']
                timed(a, now, 3)
    return stages


def checkout(now):
    """Each rule of the engine once: rollback, skipped stage, retries, a disabled transition, conditions."""
    def run(number, status, ago, stages, **more):
        return execution('checkout', number, status, stages, now - ago, commit(f'Change {number}', ago=ago, now=now), **more)

    first = run(15, 'Succeeded', 9000, checkout_stages(now - 9000, Source='Succeeded', Release='Succeeded', Smoke='Succeeded', Notify='Succeeded'),
                ended=now - 8900)
    bad = run(16, 'Succeeded', 7000, checkout_stages(now - 7000, Source='Succeeded', Release='Succeeded', Smoke='Succeeded', Notify='Skipped'),
              ended=now - 6900)
    bad['stages'][3]['conditions'][0].update(status='Failed', summary='rule Wanted was not met')
    asked = run(17, 'InProgress', 6000, checkout_stages(now - 6000, Source='Succeeded', Release='Succeeded', Smoke='Succeeded', Audit='InProgress'),
                wait='waiting for the deployment window')
    asked['stages'][4]['conditions'][0].update(status='InProgress', started=now - 5000, canOverride=True, rules=[
        rule('OfficeHours', 'DeploymentWindow', 'InProgress', wait='waiting for the deployment window', expires=now + 86400),
        rule('Quiet', 'Commands', 'Succeeded', actionExecutionId=str(uuid.uuid4()), commands=['./quiet.sh'], started=now - 5000, ended=now - 4990,
             log={'logId': 'log-shop-12', 'lines': 0, 'bytes': 0, 'closed': True})])
    broken = run(18, 'Failed', 5000, checkout_stages(now - 5000, Source='Succeeded', Release='Succeeded', Smoke='Failed'), ended=now - 4000)
    broken['stages'][2].update(canRetry=True, canRetryAll=True, retries={'automatic': 1, 'manual': 2, 'latestTrigger': 'ManualStageRetry'})
    broken['stages'][2]['actions'][0].update(status='Succeeded')
    broken['stages'][2]['actions'][1].update(errorMessage="command './orders.sh' exited with 1")
    rolled = run(19, 'Succeeded', 3000, checkout_stages(now - 3000, Release='Succeeded'), ended=now - 2900, executionType='ROLLBACK',
                 rollbackOf=back_to(bad), trigger={'triggerType': 'ManualRollback', 'by': 'mei'})
    rolled['stages'] = [s if s['name'] == 'Release' else blank([s])[0] for s in rolled['stages']]
    held = run(20, 'InProgress', 600, checkout_stages(now - 600, Source='Succeeded'),
               wait='the transition into stage Release is disabled: mei closed it: release freeze')
    held['stages'][1]['wait'] = held['execution']['wait']
    first['stages'][1]['canRollBackTo'] = True
    return pipeline('checkout', [held, rolled, broken, asked, bad, first], rollbackTargets={'Release': back_to(first)},
                    transitions={'Release': {'enabled': False, 'reason': 'release freeze', 'by': 'mei', 'changed': now - 7200}})


def unit_report(name, cases, problem=None):
    """cases: (name, prefix, status, seconds, message)"""
    counts = {status: sum(case[2] == status for case in cases) for status in ('SUCCEEDED', 'FAILED', 'ERROR', 'SKIPPED', 'UNKNOWN')}
    arn = f'arn:aws:codebuild:us-east-1:123456789012:report/{name}:{uuid.uuid4()}'
    failed = counts['FAILED'] + counts['ERROR'] > 0
    report = {'arn': arn, 'name': name, 'type': 'TEST', 'status': 'INCOMPLETE' if problem else 'FAILED' if failed else 'SUCCEEDED',
              'testSummary': {'total': len(cases), 'statusCounts': counts, 'durationInNanoSeconds': int(sum(case[3] for case in cases) * 1e9)},
              **({'problem': problem} if problem else {})}
    shown = [{'name': case[0], 'prefix': case[1], 'status': case[2], 'durationInNanoSeconds': int(case[3] * 1e9), **({'message': case[4]} if case[4] else {})}
             for case in cases]
    return {'report': report, 'cases': shown}


def coverage_report(name, covered, missed, branches_covered, branches_missed):
    arn = f'arn:aws:codebuild:us-east-1:123456789012:report/{name}:{uuid.uuid4()}'
    return {'report': {'arn': arn, 'name': name, 'type': 'CODE_COVERAGE', 'status': 'SUCCEEDED',
                       'codeCoverageSummary': {'lineCoveragePercentage': 100 * covered / (covered + missed), 'linesCovered': covered, 'linesMissed': missed,
                                               'branchCoveragePercentage': 100 * branches_covered / (branches_covered + branches_missed),
                                               'branchesCovered': branches_covered, 'branchesMissed': branches_missed}}, 'cases': []}


def report_on(world, pipeline_name, index, stage_name, reports):
    """The first build of that stage reported those."""
    entry = next(p for p in world['pipelines'] if p['name'] == pipeline_name)
    place = next(s for s in entry['executions'][index]['stages'] if s['name'] == stage_name)
    built = next(a for a in place['actions'] if a['provider'] == 'CodeBuild')
    built['build'] = {**built.get('build', {'id': f'{pipeline_name}:1'}), 'reportArns': [one['report']['arn'] for one in reports]}
    world.setdefault('reports', {}).update({one['report']['arn']: one for one in reports})


TRACE = """AssertionError: assert 119.0 == 118.99
self = <tests.test_cart.TestCart object at 0x7f1b2c>

    def test_total(self, currency, vat):
>       assert total(Cart(net=100), currency) == 118.99
E       AssertionError: assert 119.0 == 118.99

tests/test_cart.py:21: AssertionError"""


def report_failures(world):
    """The shop's build that failed says which tests did, how much of the code ran, and that one report is not there."""
    cases = [(f'test_{n}', 'tests.test_cart.TestCart', 'SUCCEEDED', 0.01, None) for n in range(40)]
    cases += [('test_total[EUR-19%]', 'tests.test_cart.TestCart', 'FAILED', 0.012, TRACE), ('test_refund', 'tests.test_cart', 'SKIPPED', 0, 'no refunds before 2027'),
              ('tests.test_broken', None, 'ERROR', 0, 'collection failure\nImportError while importing test module')]
    missing = unit_report('shop-browsers', [], "no report files found; check 'files' and 'base-directory' of report 'browsers'")
    report_on(world, 'shop', 3, 'Build', [unit_report('shop-units', cases), coverage_report('shop-coverage', 290, 50, 15, 6), missing])


def demo_world():
    now = time.time()
    never = pipeline('legacy-import', [], declared=[stage('Source', None, [action('App', 'Source', 'CodeCommit')]),
                                                    stage('Build', None, [action('Make', 'Build', 'CodeBuild')])],
                     repository={'name': 'legacy-import', 'branch': 'main', 'cloneUrl': 'http://127.0.0.1:8080/git/legacy-import'})
    return {
        'pipelines': [shop(now), api(now), worker(now), queued(now), nightly(now), docs_site(now), never, checkout(now)],
        'runners': [
            {'runnerId': 'r-1', 'name': 'build-1', 'status': 'online', 'lastSeen': now - 2, 'created': now - 40 * 86400, 'version': '1.0.0',
             'currentJobs': [{'pipelineName': 'api', 'pipelineExecutionId': str(uuid.uuid4()), 'stageName': 'Build', 'actionName': 'Image'}]},
            {'runnerId': 'r-2', 'name': 'build-2', 'status': 'online', 'lastSeen': now - 1, 'created': now - 12 * 86400, 'version': '1.0.0', 'currentJobs': []},
            {'runnerId': 'r-3', 'name': 'old-laptop', 'status': 'offline', 'lastSeen': now - 9 * 86400, 'created': now - 200 * 86400, 'version': '0.9.2',
             'currentJobs': []}],
        'accessKeys': [{'accessKeyId': 'PSKAEXAMPLEADMIN0001', 'userName': 'admin', 'created': now - 40 * 86400}],
        'gitTokens': [{'tokenId': 't-1', 'description': 'Ana’s laptop', 'created': now - 20 * 86400}],
        'hooks': [{'hookId': 'h-1', 'provider': 'github', 'repository': 'example/api', 'cloneUrl': 'https://github.com/example/api.git',
                   'payloadUrl': 'https://penstock.example.com/hooks/github/h-1', 'created': now - 30 * 86400, 'lastDelivery': now - 96}],
        'jobsQueued': 1,
    }


def hostile_world():
    now = time.time()
    commits = [commit(XSS + ' ' + 'word ' * 60, XSS, 60, now), commit('日本語のコミット 🎉 مرحبا ' + LONG, 'Ünïcödé Ñame', 70, now)]
    gate = timed(action('Approve.' + LONG[:60], 'Approval', 'Manual', status='InProgress'), now - 5)
    broken = timed(action('Build-' + LONG[:50], 'Build', 'CodeBuild', status='Failed', errorMessage=XSS + ' ' + LONG,
                          log={'logId': 'log-hostile', 'lines': 0, 'bytes': 0, 'closed': True}, summary=XSS,
                          configuration={'ProjectName': XSS, LONG: LONG}, outputVariables={XSS: XSS},
                          externalExecutionId=XSS, externalExecutionUrl='javascript:window.pwned=1'), now - 20, 5)
    stages = [stage('Source', 'Succeeded', [timed(action('App', 'Source', 'CodeCommit', status='Succeeded', summary=XSS), now - 30, 1)]),
              stage(LONG, 'Failed', [broken], wait=XSS),
              stage('Gate', 'InProgress', [gate])]
    name = LONG[:90]
    run = execution(name, 123456, 'InProgress', stages, now - 31, commits[0], trigger={'triggerType': XSS, 'triggerDetail': XSS, 'by': XSS})
    run['execution']['revisions'][0]['revisionUrl'] = 'javascript:window.pwned=1'
    run['execution']['revisions'][0]['branch'] = XSS
    ask(name, run, 'Gate', gate['name'], now - 5, commits, None, customData=XSS, externalEntityLink='javascript:window.pwned=1')
    run['execution'].update(stoppedBy=XSS, stopReason=XSS)
    return {
        'pipelines': [pipeline(name, [run], fileError=XSS, file=XSS,
                               repository={'name': name, 'branch': XSS, 'cloneUrl': 'http://127.0.0.1:8080/git/' + name}),
                      *[pipeline(f'p-{i:02}', [], declared=[stage(f'Stage{j}', None, [action('A', 'Build', 'CodeBuild')]) for j in range(12)])
                        for i in range(12)]],
        'runners': [{'runnerId': 'r-1', 'name': XSS + LONG, 'status': 'online', 'lastSeen': now, 'created': now, 'version': XSS,
                     'currentJobs': [{'pipelineName': name, 'stageName': LONG, 'actionName': 'Build'}] * 3}],
        'accessKeys': [{'accessKeyId': 'PSK' + XSS, 'userName': XSS, 'created': now}],
        'gitTokens': [{'tokenId': 't-1', 'description': XSS + LONG, 'created': now}],
        'hooks': [{'hookId': 'h-1', 'provider': 'github', 'repository': XSS, 'cloneUrl': XSS, 'payloadUrl': 'https://' + LONG, 'created': now}],
        'jobsQueued': 3,
    }


def empty_world():
    return {'pipelines': [], 'runners': [], 'accessKeys': [], 'gitTokens': [], 'hooks': [], 'jobsQueued': 0}
