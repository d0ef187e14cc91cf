#!/usr/bin/python3
"""A server that answers as docs/doors.md says, from dictionaries in memory.

The browser tests use it for states that a real server reaches only with effort:
faults, refusals, lost streams, a million lines. It decides nothing as an engine
would. Run by hand for work on the pages:
    tests/browser/mock_server.py [--port N] [--world demo|hostile|empty|deploys] [--dist web/dist]
"""
import argparse
import json
import mimetypes
import pathlib
import queue
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import mock_deployments
import mock_logs
import mock_world

ROOT = pathlib.Path(__file__).resolve().parents[2]
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
CSRF = 'csrf-of-the-mock'


class Refusal(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


class MockServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, world, port=0, dist=ROOT / 'web/dist'):
        super().__init__(('127.0.0.1', port), Handler)
        self.dist = pathlib.Path(dist)
        self.lock = threading.RLock()
        self.logs = mock_logs.standard_logs()
        self.reset(world)

    def reset(self, world):
        """Everything as at the start, for the next test."""
        with self.lock:
            self.world = world
            self.signed_in = True
            self.calls = []
            self.faults = {}
            self.holds = {}
            self.streams = []
            self.stream_count = 0
            self.events_refused = False
            self.sequence = 100
            self.logs = mock_logs.standard_logs()

    @property
    def url(self):
        return f'http://127.0.0.1:{self.server_port}'

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True, kwargs={'poll_interval': 0.05}).start()
        return self

    # What tests do to it

    def fail(self, operation, status, code, message, times=1):
        self.faults[operation] = [times, Refusal(status, code, message)]

    def hold(self, operation):
        """The next calls of this operation wait until the returned event is set."""
        self.holds[operation] = threading.Event()
        return self.holds[operation]

    def called(self, operation):
        return [given for name, given in self.calls if name == operation]

    def emit(self, kind, **fields):
        with self.lock:
            self.sequence += 1
            event = {'sequence': self.sequence, 'time': time.time(), 'type': kind, **fields}
            for stream in self.streams:
                stream.put(event)

    def drop_streams(self):
        with self.lock:
            for stream in self.streams:
                stream.put(None)

    # Finding things

    def pipeline(self, name):
        for entry in self.world['pipelines']:
            if entry['name'] == name:
                return entry
        raise Refusal(400, 'PipelineNotFoundException', f"no pipeline named '{name}'")

    def run(self, name, execution_id):
        for entry in self.pipeline(name)['executions']:
            if entry['execution']['pipelineExecutionId'] == execution_id:
                return entry
        raise Refusal(400, 'PipelineExecutionNotFoundException', f"pipeline '{name}' has no execution '{execution_id}'")

    def change(self, name, run):
        run['execution']['updated'] = time.time()
        self.emit('execution', pipelineName=name, pipelineExecutionId=run['execution']['pipelineExecutionId'], status=run['execution']['status'])


def summary_of(run):
    stages = [{k: s[k] for k in ('name', 'status') if k in s} for s in run['stages']]
    return {**run['execution'], 'stages': stages}


def stage_of(run, name):
    return next(s for s in run['stages'] if s['name'] == name)


def stage_summary(entry, name):
    """A stage with the newest execution that entered it, and those that wait in front of it."""
    summary = {'name': name, 'transition': entry.get('transitions', {}).get(name, {'enabled': True})}
    waiting = [{**mock_world.back_to(run), 'wait': stage_of(run, name)['wait']} for run in reversed(entry['executions'])
               if stage_of(run, name).get('wait') and not stage_of(run, name).get('status')]
    if waiting:
        summary.update(wait=waiting[0]['wait'], waiting=waiting)
    inside = next((run for run in entry['executions'] if stage_of(run, name).get('status')), None)
    if inside:
        summary.update(status=stage_of(inside, name)['status'], execution=mock_world.back_to(inside), canRetry=stage_of(inside, name).get('canRetry', False))
        if name in entry.get('rollbackTargets', {}):
            summary['rollbackTarget'] = entry['rollbackTargets'][name]
    return summary


def pipeline_summary(entry):
    own = ('declaration', 'executions', 'repository', 'rollbackTargets', 'transitions')
    keep = {k: v for k, v in entry.items() if k not in own and v is not None}
    newest = entry['executions'][0] if entry['executions'] else None
    keep['stages'] = [stage_summary(entry, s['name']) for s in entry['declaration']['stages']]
    if newest:
        keep['latestExecution'] = summary_of(newest)
        if newest['execution'].get('approval'):
            keep['approval'] = newest['execution']['approval']
    return keep


def decide(run, given, by='ana'):
    """A person's answer, and what follows from it."""
    run['execution'].pop('approval')
    run['execution'].pop('wait')
    yes = given['result']['status'] == 'Approved'
    stage = next(s for s in run['stages'] if s['name'] == given['stageName'])
    stage.pop('wait', None)
    for action in stage['actions']:
        if action['name'] == given['actionName']:
            action.pop('approval')
            action.pop('wait')
            action.update(status='Succeeded' if yes else 'Failed', summary=given['result']['summary'], updatedBy=by, ended=time.time())
        elif yes:
            action.update(status='InProgress', started=time.time(), updated=time.time(), summary='0 of 2 new tasks healthy')
    if not yes:
        stage['status'] = run['execution']['status'] = 'Failed'
        run['execution']['ended'] = time.time()


class Operations:
    """One method per operation; `self.server` is the mock, `given` the input."""

    def GetSession(self, given):
        online = sum(r['status'] == 'online' for r in self.server.world['runners'])
        return {'user': 'ana', 'csrfToken': CSRF, 'serverVersion': '1.0.0', 'region': 'us-east-1', 'accountId': '123456789012', 'runnersOnline': online}

    def GetOverview(self, given):
        world = self.server.world
        pipelines = [pipeline_summary(p) for p in world['pipelines']]
        return {'pipelines': pipelines, 'approvalsPending': sum('approval' in p for p in pipelines), 'jobsQueued': world['jobsQueued'],
                'runnersOnline': sum(r['status'] == 'online' for r in world['runners'])}

    def ListEnvironments(self, given):
        return {'environments': mock_deployments.environments(self.server.world)}

    def ListReleases(self, given):
        self.server.pipeline(given['pipelineName'])
        return {'releases': mock_deployments.releases(self.server.world, given['pipelineName'])}

    def BatchGetReports(self, given):
        known = self.server.world.get('reports', {})
        return {'reports': [known[arn]['report'] for arn in given['reportArns'] if arn in known],
                'reportsNotFound': [arn for arn in given['reportArns'] if arn not in known]}

    def DescribeTestCases(self, given):
        cases = self.server.world['reports'][given['reportArn']]['cases']
        return {'testCases': [case for case in cases if case['status'] == given.get('filter', {}).get('status', case['status'])]}

    def GetPipelineDetail(self, given):
        entry = self.server.pipeline(given['name'])
        detail = {'pipeline': pipeline_summary(entry), 'declaration': entry['declaration'],
                  'executions': [summary_of(run) for run in entry['executions'][:25]]}
        if entry.get('repository'):
            detail['repository'] = entry['repository']
        return detail

    def GetPipelineState(self, given):
        entry = self.server.pipeline(given['name'])
        newest = entry['executions'][0] if entry['executions'] else None
        states = []
        for declared in entry['declaration']['stages']:
            state = {'stageName': declared['name']}
            # A stage that the newest execution has not reached shows the one that was there last.
            for run in ([newest] if newest else []) + entry['executions'][1:]:
                stage = next((s for s in run['stages'] if s['name'] == declared['name'] and s.get('status')), None)
                if not stage:
                    continue
                state['latestExecution'] = {'pipelineExecutionId': run['execution']['pipelineExecutionId'], 'status': stage['status']}
                break
            states.append(state)
        return {'pipelineName': given['name'], 'stageStates': states}

    def ListPipelineExecutions(self, given):
        runs = self.server.pipeline(given['pipelineName'])['executions']
        start = int(given.get('nextToken') or 0)
        end = start + given.get('maxResults', 100)
        page = [{'pipelineExecutionId': r['execution']['pipelineExecutionId'], 'status': r['execution']['status'], 'startTime': r['execution']['started'],
                 'lastUpdateTime': r['execution']['updated'], 'sourceRevisions': [], 'trigger': r['execution']['trigger']} for r in runs[start:end]]
        return {'pipelineExecutionSummaries': page, **({'nextToken': str(end)} if end < len(runs) else {})}

    def GetExecutionDetail(self, given):
        run = self.server.run(given['pipelineName'], given['pipelineExecutionId'])
        live = run['execution']['status'] in ('InProgress', 'Stopping')
        return {**run, 'execution': summary_of(run), 'canStop': run['execution']['status'] == 'InProgress', 'canRunAgain': not live}

    def StartPipelineExecution(self, given):
        entry = self.server.pipeline(given['name'])
        number = entry['executions'][0]['execution']['number'] + 1 if entry['executions'] else 1
        declared = [mock_world.stage(s['name'], None, [
            mock_world.action(a['name'], a['actionTypeId']['category'], a['actionTypeId']['provider'], a['runOrder']) for a in s['actions']])
            for s in entry['declaration']['stages']]
        declared[0]['status'] = 'InProgress'
        declared[0]['actions'][0].update(status='InProgress', wait='waiting for a runner')
        run = mock_world.execution(given['name'], number, 'InProgress', declared, time.time(), None, wait='waiting for a runner',
                                   trigger={'triggerType': 'StartPipelineExecution', 'by': 'ana'})
        entry['executions'].insert(0, run)
        self.server.change(given['name'], run)
        return {'pipelineExecutionId': run['execution']['pipelineExecutionId']}

    def StopPipelineExecution(self, given):
        run = self.server.run(given['pipelineName'], given['pipelineExecutionId'])
        if run['execution']['status'] != 'InProgress':
            raise Refusal(400, 'PipelineExecutionNotStoppableException', f"execution '{given['pipelineExecutionId']}' has ended already")
        run['execution'].update(status='Stopping', stoppedBy='ana', stopReason=given.get('reason'))
        run['execution'].pop('approval', None)
        run['execution'].pop('wait', None)
        self.server.change(given['pipelineName'], run)
        return {'pipelineExecutionId': given['pipelineExecutionId']}

    def PutApprovalResult(self, given):
        for run in self.server.pipeline(given['pipelineName'])['executions']:
            approval = run['execution'].get('approval')
            if approval and approval['token'] == given['token']:
                decide(run, given)
                self.server.change(given['pipelineName'], run)
                return {'approvedAt': time.time()}
        raise Refusal(400, 'InvalidApprovalTokenException', 'this question was answered already or is no longer asked; reload to see how it stands')

    def AbandonAction(self, given):
        run = self.server.run(given['pipelineName'], given['pipelineExecutionId'])
        for action in next(s for s in run['stages'] if s['name'] == given['stageName'])['actions']:
            if action['name'] == given['actionName']:
                action['status'] = 'Abandoned'
        run['execution']['status'] = 'Stopped'
        self.server.change(given['pipelineName'], run)
        return {}

    def RetryStageExecution(self, given):
        run = self.server.run(given['pipelineName'], given['pipelineExecutionId'])
        stage = stage_of(run, given['stageName'])
        for action in stage['actions']:
            if given['retryMode'] == 'ALL_ACTIONS' or action['status'] == 'Failed':
                action.update(status='InProgress', started=time.time())
                action.pop('errorMessage', None)
        stage.update(status='InProgress', canRetry=False, canRetryAll=False)
        stage['retries']['manual'] += 1
        run['execution']['status'] = 'InProgress'
        self.server.change(given['pipelineName'], run)
        return {'pipelineExecutionId': given['pipelineExecutionId']}

    def RollbackStage(self, given):
        target = self.server.run(given['pipelineName'], given['targetPipelineExecutionId'])
        runs = self.server.pipeline(given['pipelineName'])['executions']
        stages = mock_world.blank(target['stages'])
        stage_of({'stages': stages}, given['stageName'])['status'] = 'InProgress'
        run = mock_world.execution(given['pipelineName'], runs[0]['execution']['number'] + 1, 'InProgress', stages, time.time(), None,
                                   executionType='ROLLBACK', rollbackOf=mock_world.back_to(target),
                                   trigger={'triggerType': 'ManualRollback', 'by': 'ana'})
        runs.insert(0, run)
        self.server.change(given['pipelineName'], run)
        return {'pipelineExecutionId': run['execution']['pipelineExecutionId']}

    def DisableStageTransition(self, given):
        transitions = self.server.pipeline(given['pipelineName']).setdefault('transitions', {})
        transitions[given['stageName']] = {'enabled': False, 'reason': given['reason'], 'by': 'ana', 'changed': time.time()}
        self.server.emit('transition', pipelineName=given['pipelineName'], stageName=given['stageName'], status='disabled')
        return {}

    def EnableStageTransition(self, given):
        del self.server.pipeline(given['pipelineName'])['transitions'][given['stageName']]
        self.server.emit('transition', pipelineName=given['pipelineName'], stageName=given['stageName'], status='enabled')
        return {}

    def OverrideStageCondition(self, given):
        run = self.server.run(given['pipelineName'], given['pipelineExecutionId'])
        condition = next(c for c in stage_of(run, given['stageName'])['conditions'] if c['type'] == given['conditionType'])
        condition.update(status='Overridden', summary='ana overrode it', canOverride=False)
        run['execution'].pop('wait', None)
        self.server.change(given['pipelineName'], run)
        return {}

    def GetRepository(self, given):
        if given['repositoryName'] not in self.server.world.setdefault('repositories', ['shop']):
            raise Refusal(400, 'RepositoryDoesNotExistException', f"{given['repositoryName']} does not exist")
        return {'repositoryMetadata': {'repositoryName': given['repositoryName']}}

    def CreateRepository(self, given):
        self.server.world['repositories'].append(given['repositoryName'])
        return {'repositoryMetadata': {'repositoryName': given['repositoryName']}}

    def ListRunners(self, given):
        return {'runners': self.server.world['runners']}

    def RemoveRunner(self, given):
        self.server.world['runners'] = [r for r in self.server.world['runners'] if r['runnerId'] != given['runnerId']]
        return {}

    def CreateJoinToken(self, given):
        token = 'pjt_' + 'x7Kq9' * 6
        return {'token': token, 'expires': time.time() + 900, 'command': f'penstock-runner --join {self.server.url} {token}'}

    def ListAccessKeys(self, given):
        return {'accessKeys': self.server.world['accessKeys']}

    def CreateAccessKey(self, given):
        key = {'accessKeyId': 'PSKAEXAMPLE' + uuid.uuid4().hex[:9].upper(), 'userName': 'ana', 'created': time.time()}
        self.server.world['accessKeys'].append(key)
        return {**key, 'secretAccessKey': 'secret-' + 's' * 33}

    def DeleteAccessKey(self, given):
        self.server.world['accessKeys'] = [k for k in self.server.world['accessKeys'] if k['accessKeyId'] != given['accessKeyId']]
        return {}

    def ListGitTokens(self, given):
        return {'gitTokens': self.server.world['gitTokens']}

    def CreateGitToken(self, given):
        token = {'tokenId': uuid.uuid4().hex[:8], 'created': time.time(), 'description': given.get('description', '')}
        self.server.world['gitTokens'].append(token)
        return {**token, 'token': 'pgt_' + 't' * 36}

    def DeleteGitToken(self, given):
        self.server.world['gitTokens'] = [t for t in self.server.world['gitTokens'] if t['tokenId'] != given['tokenId']]
        return {}

    def ListSourceHooks(self, given):
        return {'hooks': self.server.world['hooks']}

    def PutSourceHook(self, given):
        hook_id = uuid.uuid4().hex[:8]
        url = f'{self.server.url}/hooks/github/{hook_id}'
        self.server.world['hooks'].append({'hookId': hook_id, 'provider': 'github', 'repository': given['repository'], 'cloneUrl': given['cloneUrl'],
                                           'payloadUrl': url, 'created': time.time()})
        return {'hookId': hook_id, 'payloadUrl': url}

    def DeleteSourceHook(self, given):
        self.server.world['hooks'] = [h for h in self.server.world['hooks'] if h['hookId'] != given['hookId']]
        return {}

    def CreateSignInLink(self, given):
        return {'url': f'{self.server.url}/sign-in?token=' + 'k' * 43, 'expires': time.time() + 1800}


class Handler(BaseHTTPRequestHandler, Operations):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True  # else an answer's body waits 40 ms for its head to be acknowledged

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            pass

    def answer(self, status, body, kind, **headers):
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.send_header('Content-Security-Policy', POLICY)
        self.send_header('X-Content-Type-Options', 'nosniff')
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.end_headers()
        self.wfile.write(body)

    def answer_json(self, status, value, **headers):
        self.answer(status, json.dumps(value).encode(), 'application/x-amz-json-1.1', **headers)

    def refuse(self, refusal):
        self.answer_json(refusal.status, {'__type': refusal.code, 'message': str(refusal)}, x_amzn_ErrorType=refusal.code)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        if self.path == '/sign-out':
            self.server.signed_in = False
            return self.answer(204, b'', 'text/plain')
        operation = self.headers.get('X-Amz-Target', '').split('.')[-1]
        try:
            self.answer_json(200, self.operate(operation, json.loads(body or '{}')))
        except Refusal as refusal:
            self.refuse(refusal)

    def operate(self, operation, given):
        self.server.calls.append((operation, given))
        if operation in self.server.holds:
            self.server.holds[operation].wait(20)
        fault = self.server.faults.get(operation)
        if fault and fault[0] > 0:
            fault[0] -= 1
            raise fault[1]
        if not self.server.signed_in:
            raise Refusal(401, 'MissingAuthenticationTokenException', 'you are not signed in; ask for a sign-in link')
        if operation != 'GetSession' and self.headers.get('X-Penstock-Csrf') != CSRF:
            raise Refusal(403, 'AccessDeniedException', 'the request does not carry the token of your session')
        method = getattr(Operations, operation, None)
        if not method:
            raise Refusal(400, 'UnknownOperationException', f"no operation '{operation}'")
        with self.server.lock:
            return json.loads(json.dumps(method(self, given)))

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == '/events':
            return self.stream()
        if url.path.startswith('/logs/'):
            return self.log(url)
        name = url.path.removeprefix('/assets/') if url.path.startswith('/assets/') else None
        file = self.server.dist / 'assets' / name if name and '/' not in name else self.server.dist / 'index.html'
        if name is not None and not file.is_file():
            return self.answer(404, b'not found', 'text/plain')
        kind = mimetypes.guess_type(file.name)[0] or 'application/octet-stream'
        self.answer(200, file.read_bytes(), 'text/javascript' if file.suffix == '.js' else kind, Cache_Control='no-cache')

    def stream(self):
        if self.server.events_refused or not self.server.signed_in:
            return self.answer(503, b'', 'text/plain')
        mine = queue.Queue()
        with self.server.lock:
            self.server.streams.append(mine)
            self.server.stream_count += 1
        self.close_connection = True
        self.send_response(200)
        self.send_header('Content-Type', 'text/event-stream')
        self.send_header('Cache-Control', 'no-store')
        self.send_header('Connection', 'close')
        self.end_headers()
        try:
            self.wfile.write(b': hello\n\n')
            while True:
                try:
                    event = mine.get(timeout=5)
                except queue.Empty:
                    self.wfile.write(b': still here\n\n')
                    continue
                if event is None:
                    break
                self.wfile.write(f'id: {event["sequence"]}\nevent: {event["type"]}\ndata: {json.dumps(event)}\n\n'.encode())
        except OSError:
            pass
        finally:
            with self.server.lock:
                if mine in self.server.streams:
                    self.server.streams.remove(mine)

    def log(self, url):
        parts = url.path.split('/')
        log = self.server.logs.get(urllib.parse.unquote(parts[2]))
        if log is None:
            return self.refuse(Refusal(404, 'LogNotFoundException', f"no log '{parts[2]}'"))
        if len(parts) == 4 and parts[3] == 'raw':
            text = '\n'.join(log.text(n) for n in range(len(log))) + '\n'
            return self.answer(200, text.encode(), 'text/plain; charset=utf-8', Content_Disposition='attachment')
        query = dict(urllib.parse.parse_qsl(url.query))
        start, count = int(query.get('from', 0)), min(int(query.get('count', 500)), 2000)
        self.server.calls.append(('log', {'from': start, 'count': count}))
        if 'wait' in query:
            log.wait_for(start, min(float(query['wait']), 25))
        total = len(log)
        lines = [{'n': n, 't': n * 7, 'text': log.text(n)} for n in range(start, min(start + count, total))]
        self.answer(200, json.dumps({'logId': parts[2], 'from': start, 'lines': lines, 'total': total, 'closed': log.closed}).encode(), 'application/json')


def main():
    options = argparse.ArgumentParser()
    options.add_argument('--port', type=int, default=0)
    options.add_argument('--world', choices=['demo', 'hostile', 'empty', 'deploys'], default='demo')
    options.add_argument('--dist', default=ROOT / 'web/dist')
    given = options.parse_args()
    world = mock_deployments.deploys_world() if given.world == 'deploys' else getattr(mock_world, given.world + '_world')()
    server = MockServer(world, given.port, given.dist)
    print(server.url, flush=True)
    server.serve_forever()


if __name__ == '__main__':
    main()
