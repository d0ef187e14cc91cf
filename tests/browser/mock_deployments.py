"""Deployments as the server tells of them: one that is stuck, one that was undone, one that asks in the middle of its
traffic shift, and what runs where."""
import time

import mock_world
from mock_world import action, approved, ask, back_to, commit, execution, pipeline, stage, timed

PULL = ("CannotPullContainerError: pull image manifest has been retried 7 time(s): image manifest does not contain descriptor "
        "matching platform 'linux/amd64'")


def target(service, before, after, image):
    return {'name': f'ecs/us-east-1/prod/{service}', 'from': before, 'to': after, 'images': [
        {'container': 'web', 'image': f'123456789012.dkr.ecr.us-east-1.amazonaws.com/{service}@sha256:{image * 64}', 'digest': f'sha256:{image * 64}'}]}


def stuck(began):
    task = 'arn:aws:ecs:us-east-1:123456789012:task/prod/0123456789abcdef0123456789abcdef'
    return {
        'kind': 'ECS', 'strategy': 'ROLLING', 'targets': [target('storefront', 'storefront:41', 'storefront:42', 'b')],
        'tasks': {'desired': 3, 'running': 0, 'pending': 1, 'failed': 4, 'old': 3},
        'cause': {'id': 'image-platform', 'sentence': 'the image of container ‘web’ was built for another CPU type than the task asks for',
                  'evidence': PULL, 'change': 'build it for linux/amd64, or set runtimePlatform.cpuArchitecture to ARM64', 'since': began + 24},
        'preflight': [
            {'check': 'service', 'status': 'OK', 'sentence': 'prod/storefront is ACTIVE and deployed by ECS'},
            {'check': 'image', 'status': 'SKIPPED', 'sentence': 'the platform was not looked at: the runner may not ecr:GetDownloadUrlForLayer'},
            {'check': 'log group', 'status': 'OK', 'sentence': '/ecs/storefront exists'}],
        'diff': [{'change': ' ', 'line': '"name": "web",'}, {'change': '-', 'line': f'"image": "storefront@sha256:{"a" * 64}",'},
                 {'change': '+', 'line': f'"image": "storefront@sha256:{"b" * 64}",'}, {'change': ' ', 'line': '"memory": 512'}],
        'timeline': [{'at': began, 'text': 'looked at the service'}, {'at': began + 1, 'text': 'registered storefront:42'},
                     {'at': began + 1.4, 'text': 'updating the service'}, {'at': began + 24, 'text': 'the first new task stopped'}],
        'evidence': [
            {'at': began + 3, 'source': 'EVENT', 'subject': 'storefront', 'text': '(service storefront) has started 1 tasks: (task 0123456789abcdef0123456789abcdef).'},
            {'at': began + 24, 'source': 'TASK', 'subject': task, 'text': PULL},
            {'at': began + 31, 'source': 'LOG', 'subject': 'web', 'text': 'exec format error'},
            {'at': began + 36, 'source': 'TARGET', 'subject': '10.0.1.17:8080', 'text': 'unhealthy: Health checks failed with these codes: [502]'}]}


def undone(began):
    return {'kind': 'ECS', 'strategy': 'ROLLING', 'targets': [target('storefront', 'storefront:40', 'storefront:41', 'c')],
            'tasks': {'desired': 3, 'running': 0, 'pending': 0, 'failed': 2, 'old': 3},
            'probe': {'url': 'https://shop.example.com/', 'asked': 240, 'failed404': 3, 'failedOther': 0},
            'cancel': {'by': 'mei', 'asked': began + 95, 'ended': began + 101.5, 'seconds': 6.5, 'from': 'storefront:41', 'to': 'storefront:40',
                       'how': 'StopServiceDeployment', 'sentence': 'the service is back on storefront:40: 3 of 3 old tasks are running, 0 new ones are left'}}


def paused(began):
    return {'kind': 'ECS', 'strategy': 'CANARY', 'stage': 'POST_TEST_TRAFFIC_SHIFT', 'trafficPercent': 5,
            'targets': [target('gateway', 'gateway:8', 'gateway:9', 'd')], 'tasks': {'desired': 2, 'running': 2, 'pending': 0, 'failed': 0, 'old': 2},
            'probe': {'url': 'https://gateway.example.com/', 'asked': 18, 'failed404': 0, 'failedOther': 0},
            'pause': {'id': 'p-1', 'stage': 'POST_TEST_TRAFFIC_SHIFT', 'sentence': '5% of the traffic has moved', 'testUrl': 'https://test.example.com/'},
            'timeline': [{'at': began, 'text': 'updating the service'}, {'at': began + 61, 'text': 'the test traffic has moved'}]}


def deploy(service, status, began, deployment, took=None, **more):
    return timed(action('Deploy', 'Deploy', 'ECS', 2, status=status, runner='build-2', deployment=deployment,
                        configuration={'ClusterName': 'prod', 'ServiceName': service}, inputArtifacts=['Images'],
                        log={'logId': 'log-shop-12', 'lines': 0, 'bytes': 0, 'closed': took is not None}, **more), began, took)


def released(began, gate, done, status):
    source = timed(action('App', 'Source', 'CodeCommit', status='Succeeded', outputArtifacts=['App']), began, 0.6)
    return [stage('Source', 'Succeeded', [source]), stage('Release', status, [*gate, done])]


def storefront(now):
    now_stuck = deploy('storefront', 'InProgress', now - 50, stuck(now - 50), summary='0 of 3 new tasks are running')
    third = execution('storefront', 7, 'InProgress', released(now - 60, [approved(now - 55)], now_stuck, 'InProgress'), now - 60,
                      commit('Show stars for reviews', 'Ana Ruiz', 100, now))
    third['execution']['stuck'] = {'stageName': 'Release', 'actionName': 'Deploy', 'cause': now_stuck['deployment']['cause']}
    taken_back = deploy('storefront', 'Abandoned', now - 7000, undone(now - 7000), 102, summary='the service is back on storefront:40')
    second = execution('storefront', 6, 'Stopped', released(now - 7100, [approved(now - 7010)], taken_back, 'Stopped'), now - 7100,
                       commit('Try a new web server', 'Ben Okafor', 7200, now), now - 6890, stoppedBy='mei', stopReason='never gets healthy')
    good = deploy('storefront', 'Succeeded', now - 90000, {**undone(now - 90000), 'cancel': None, 'probe': None}, 70, summary='storefront runs storefront:40')
    del good['deployment']['cancel'], good['deployment']['probe']
    first = execution('storefront', 5, 'Succeeded', released(now - 90100, [approved(now - 90010)], good, 'Succeeded'), now - 90100,
                      commit('Larger pictures', 'Mei Tanaka', 90500, now), now - 89900)
    return pipeline('storefront', [third, second, first])


def gateway(now):
    halfway = deploy('gateway', 'InProgress', now - 90, paused(now - 90), summary='waits for a decision at 5% of the traffic')
    run = execution('gateway', 9, 'InProgress', released(now - 95, [], halfway, 'InProgress'), now - 95, commit('Speak HTTP/2', 'Noor Haddad', 120, now))
    ask('gateway', run, 'Release', 'Deploy', now - 29, [commit('Speak HTTP/2', 'Noor Haddad', 120, now)], None,
        pause={'id': 'p-1', 'stage': 'POST_TEST_TRAFFIC_SHIFT', 'sentence': '5% of the traffic has moved', 'testUrl': 'https://test.example.com/'})
    del run['execution']['approval']['expires']
    return pipeline('gateway', [run])


def placed(one, **more):
    """A part of an environment, as that execution left it."""
    deployed = next(action for part in one['stages'] for action in part['actions'] if action.get('deployment'))
    [place] = deployed['deployment']['targets']
    return {'name': place['name'], 'kind': 'ECS', 'actionName': 'Deploy', 'revision': place['to'], 'images': place['images'], **more}


def story(one):
    return {'execution': back_to(one), 'since': one['execution']['updated'], 'startedBy': 'ana', 'approvedBy': 'mei', 'revisions': one['execution']['revisions']}


def environments(world):
    """What ListEnvironments answers."""
    found = {entry['name']: entry for entry in world['pipelines']}
    if 'storefront' not in found:
        return []
    newest, _, good = found['storefront']['executions']
    other = {'pipelineName': 'gateway', 'stageName': 'Release', 'actionName': 'Deploy', 'execution': back_to(found['gateway']['executions'][0]), 'since': time.time() - 500}
    report = placed(good, name='schedule/us-east-1/nightly/report', kind='SCHEDULED_TASK', revision='report:12', images=[])
    return [{'pipelineName': 'storefront', 'stageName': 'Release', 'actions': [{'name': 'Deploy', 'provider': 'ECS'}],
             'inStage': {**back_to(newest), 'status': 'InProgress'}, 'targets': [{**placed(good), **story(good)}]},
            {'pipelineName': 'mixed', 'stageName': 'Production', 'actions': [], 'targets': [
                {**placed(good), **story(good), 'replacedBy': other},
                {**report, **story(good), 'execution': {'pipelineExecutionId': good['execution']['pipelineExecutionId'] + '0', 'number': 3}}]},
            {'pipelineName': 'gateway', 'stageName': 'Release', 'actions': [{'name': 'Deploy', 'provider': 'ECS'}], 'targets': []}]


def releases(world, pipeline_name):
    """What ListReleases answers."""
    good = next(entry for entry in world['pipelines'] if entry['name'] == pipeline_name)['executions'][-1]
    current = {**story(good), 'current': True, 'targets': [placed(good)], 'canRollBack': False}
    earlier = [{**current, 'execution': {'pipelineExecutionId': f'00000000-0000-4000-8000-00000000000{n}', 'number': n}, 'since': time.time() - 90000 * (7 - n),
                'current': False, 'canRollBack': n != 2, **({'whyNot': 'its artifacts are no longer kept'} if n == 2 else {})} for n in (4, 3, 2)]
    return [current, *earlier]


def deploys_world():
    now = time.time()
    world = mock_world.empty_world()
    world['pipelines'] = [storefront(now), gateway(now)]
    return world
