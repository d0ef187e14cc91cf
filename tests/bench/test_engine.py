"""How many executions the engine moves, against the durable commits that it makes for them; and how long it takes from
the result of one action until a waiting runner has the job of the next.
"""

from figures import verdict
from load import PIPELINE, Throughput, Transitions, start_counting
from penstock_under_test import load_pipeline

EXECUTIONS = 1000
ROUNDS = 3
UNDER_WAY = 16
SLOTS = 8


def test_throughput(make_server, build, folder, monkeypatch):
    server = make_server(start=False)
    syncs = start_counting(server, build, monkeypatch, folder)
    load_pipeline(server, "bench.yml", PIPELINE.format(name="bench"))
    print(f"\n{EXECUTIONS} executions of four stages, {UNDER_WAY} at a time, {SLOTS} slots of one runner")
    rounds = []
    for _ in range(ROUNDS):
        rounds.append(Throughput(build, server, syncs, str(folder), "bench", EXECUTIONS, UNDER_WAY, SLOTS))
        print(f"  {rounds[-1]}", flush=True)
    best = sorted(rounds, key=lambda one: one.share)[len(rounds) // 2]
    verdict("floor / penstock, median round", 1 / best.share, 3)


def test_transitions(make_server, build, folder):
    server = make_server()
    load_pipeline(server, "bench.yml", PIPELINE.format(name="bench"))
    print()
    for _ in range(ROUNDS):
        print(f"  {Transitions(build, server, str(folder), 'bench', 100)}", flush=True)
