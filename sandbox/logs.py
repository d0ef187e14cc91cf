"""CloudWatch Logs: groups, streams and their events.  What tasks with the awslogs driver write comes by `append`.

A position in a stream is a token such as "f/12": the number of events that lie before it.
"""

import threading

from sandbox import clock
from sandbox.errors import AwsError

_MOST_EVENTS = 10_000
_MOST_BYTES = 1024 * 1024
_EVENT_OVERHEAD = 26


def _now_ms():
    return round(clock.now() * 1000)


class Group:
    def __init__(self, name, arn, created_ms):
        self.name = name
        self.arn = arn
        self.created_ms = created_ms
        self.retention = None
        self.streams = {}  # name -> Stream


class Stream:
    def __init__(self, name, arn, created_ms):
        self.name = name
        self.arn = arn
        self.created_ms = created_ms
        self.events = []  # (time in ms, text, ingested in ms), in the order of their arrival

    @property
    def stored_bytes(self):
        return sum(len(text.encode()) + _EVENT_OVERHEAD for _, text, _ in self.events)


class LogsState:
    """All groups.  Hold `lock` for more than one call."""

    def __init__(self, account):
        self.account = account
        self.lock = threading.RLock()
        self.groups = {}

    def exists(self, group):
        with self.lock:
            return group in self.groups

    def create_group(self, name):
        with self.lock:
            if name not in self.groups:
                self.groups[name] = Group(name, self.account.arn("logs", f"log-group:{name}:*"), _now_ms())
            return self.groups[name]

    def create_stream(self, group, name):
        with self.lock:
            arn = group.arn.removesuffix(":*") + f":log-stream:{name}"
            return group.streams.setdefault(name, Stream(name, arn, _now_ms()))

    def append(self, group, stream, events):
        """Add (time in ms, text) pairs to a stream, which is made where it is not there; the group must be."""
        with self.lock:
            place = self.create_stream(self.groups[group], stream)
            place.events.extend((at_ms, text, _now_ms()) for at_ms, text in events)

    def group(self, params):
        name = params.get("logGroupName") or params.get("logGroupIdentifier", "").removesuffix(":*").rpartition(":log-group:")[2]
        if name not in self.groups:
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        return self.groups[name]

    def stream(self, params):
        group = self.group(params)
        if params["logStreamName"] not in group.streams:
            raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
        return group.streams[params["logStreamName"]]


def create_log_group(logs, params, key):
    with logs.lock:
        if logs.exists(params["logGroupName"]):
            raise AwsError("ResourceAlreadyExistsException", "The specified log group already exists")
        logs.create_group(params["logGroupName"])


def delete_log_group(logs, params, key):
    with logs.lock:
        del logs.groups[logs.group(params).name]


def describe_log_groups(logs, params, key):
    if "logGroupNamePrefix" in params and "logGroupNamePattern" in params:
        raise AwsError("InvalidParameterException", "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    with logs.lock:
        found = [group for name, group in sorted(logs.groups.items()) if name.startswith(params.get("logGroupNamePrefix", "")) and params.get("logGroupNamePattern", "") in name]
        views = [{"logGroupName": one.name, "creationTime": one.created_ms, "arn": one.arn, "metricFilterCount": 0, "retentionInDays": one.retention,
                  "storedBytes": sum(stream.stored_bytes for stream in one.streams.values())} for one in found]
    return _page("logGroups", views, params)


def create_log_stream(logs, params, key):
    with logs.lock:
        group = logs.group(params)
        if params["logStreamName"] in group.streams:
            raise AwsError("ResourceAlreadyExistsException", "The specified log stream already exists")
        logs.create_stream(group, params["logStreamName"])


def describe_log_streams(logs, params, key):
    by_time = params.get("orderBy") == "LastEventTime"
    if by_time and "logStreamNamePrefix" in params:
        raise AwsError("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")
    with logs.lock:
        found = [stream for stream in logs.group(params).streams.values() if stream.name.startswith(params.get("logStreamNamePrefix", ""))]
        found.sort(key=lambda stream: max((event[0] for event in stream.events), default=0) if by_time else stream.name, reverse=params.get("descending", False))
        return _page("logStreams", [_stream_view(one) for one in found], params)


def _stream_view(stream):
    view = {"logStreamName": stream.name, "creationTime": stream.created_ms, "arn": stream.arn, "storedBytes": 0}
    if stream.events:
        times = [event[0] for event in stream.events]
        view.update(firstEventTimestamp=min(times), lastEventTimestamp=max(times), lastIngestionTime=stream.events[-1][2])
    return view


def _page(name, views, params):
    start = _number(params.get("nextToken", "n/0"))
    end = start + params.get("limit", 50)
    return {name: views[start:end], "nextToken": f"n/{end}" if end < len(views) else None}


def _number(token):
    kind, slash, number = token.partition("/")
    if kind not in ("n", "f", "b") or not slash or not number.isdigit():
        raise AwsError("InvalidParameterException", "The specified nextToken is invalid.")
    return int(number)


def put_log_events(logs, params, key):
    with logs.lock:
        stream = logs.stream(params)
        events = [(event["timestamp"], event["message"]) for event in params["logEvents"]]
        if events != sorted(events, key=lambda event: event[0]):
            raise AwsError("InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.")
        logs.append(params["logGroupName"], stream.name, events)
        return {"nextSequenceToken": str(len(stream.events)).zfill(56)}


def get_log_events(logs, params, key):
    """From the newest page backward unless startFromHead is given; a token goes on from where it was given out."""
    with logs.lock:
        events = logs.stream(params).events
        token = params.get("nextToken")
        most = params.get("limit", _MOST_EVENTS)
        if token and token.startswith("b/") or not token and not params.get("startFromHead"):
            end = _number(token) if token else len(events)
            start = end
            while start > 0 and _fits(events[start - 1 : end], most):
                start -= 1
        else:
            start = _number(token) if token else 0
            end = start
            while end < len(events) and _fits(events[start : end + 1], most):
                end += 1
        wanted = [event for event in events[start:end] if params.get("startTime", 0) <= event[0] < params.get("endTime", event[0] + 1)]
        views = [{"timestamp": at, "message": text, "ingestionTime": ingested} for at, text, ingested in wanted]
        return {"events": views, "nextForwardToken": f"f/{end}", "nextBackwardToken": f"b/{start}"}


def _fits(events, most):
    return len(events) <= most and sum(len(text.encode()) + _EVENT_OVERHEAD for _, text, _ in events) <= _MOST_BYTES


def filter_log_events(logs, params, key):
    """Patterns of words only: all of them stand in the message."""
    words = params.get("filterPattern", "").split()
    if any(character in word for word in words for character in "{}[]|%"):
        raise AwsError("InvalidParameterException", "the sandbox plays filter patterns of words only")
    with logs.lock:
        names = params.get("logStreamNames")
        prefix = params.get("logStreamNamePrefix", "")
        streams = [one for one in logs.group(params).streams.values() if one.name.startswith(prefix) and (names is None or one.name in names)]
        found = [(event, stream.name, index) for stream in streams for index, event in enumerate(stream.events)
                 if params.get("startTime", 0) <= event[0] <= params.get("endTime", event[0]) and all(word.strip('"') in event[1] for word in words)]
    found.sort(key=lambda one: one[0][0])
    start = _number(params.get("nextToken", "n/0"))
    end = start + params.get("limit", _MOST_EVENTS)
    views = [{"logStreamName": name, "timestamp": at, "message": text, "ingestionTime": ingested, "eventId": f"{at:020d}{index:012d}"}
             for (at, text, ingested), name, index in found[start:end]]
    return {"events": views, "searchedLogStreams": [], "nextToken": f"n/{end}" if end < len(found) else None}


OPERATIONS = {
    "CreateLogGroup": create_log_group,
    "DeleteLogGroup": delete_log_group,
    "DescribeLogGroups": describe_log_groups,
    "CreateLogStream": create_log_stream,
    "DescribeLogStreams": describe_log_streams,
    "PutLogEvents": put_log_events,
    "GetLogEvents": get_log_events,
    "FilterLogEvents": filter_log_events,
}
