"""The process of `LossyWire`: passes messages between senders and a recorder on, but not all, not once, not in order.

Each sender has a connection of its own to the recorder, so that the recorder knows them apart as without the wire.
"""

from __future__ import annotations

import heapq
import itertools
import random
import time
from argparse import ArgumentParser

import zmq

from telemetry.testing.processes import Faults


class _Wire:
    def __init__(self, bind: str, to: str, faults: Faults, seed: int) -> None:
        self._to, self._faults = to, faults
        self._chance = random.Random(seed)
        self._poller = zmq.Poller()
        self._senders: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.ROUTER)
        self._senders.setsockopt(zmq.LINGER, 0)
        self._senders.bind(bind)
        self.address = str(self._senders.getsockopt_string(zmq.LAST_ENDPOINT))
        self._poller.register(self._senders, zmq.POLLIN)
        self._towards: dict[bytes, zmq.Socket[bytes]] = {}
        self._from: dict[zmq.Socket[bytes], bytes] = {}
        self._numbers = itertools.count()
        # What is on its way: when it is due, a tie-breaker, whose it is, whether the recorder gets it, and what it is.
        self._held: list[tuple[float, int, bytes, bool, bytes]] = []

    def run(self) -> None:
        while True:
            wait_ms = None if not self._held else max(0, int((self._held[0][0] - time.monotonic()) * 1000) + 1)
            for socket, _ in self._poller.poll(wait_ms):
                if socket is self._senders:
                    identity, data = socket.recv_multipart()
                    self._decide(identity, True, data)
                else:
                    self._decide(self._from[socket], False, socket.recv())
            while self._held and self._held[0][0] <= time.monotonic():
                _, _, identity, onward, data = heapq.heappop(self._held)
                self._pass_on(identity, onward, data)

    def _decide(self, identity: bytes, onward: bool, data: bytes) -> None:
        if self._chance.random() < self._faults.drop:
            return
        for _ in range(2 if self._chance.random() < self._faults.duplicate else 1):
            held = self._chance.random() < self._faults.delay
            due_s = time.monotonic() + (self._chance.uniform(0.0, self._faults.delay_s) if held else 0.0)
            heapq.heappush(self._held, (due_s, next(self._numbers), identity, onward, data))

    def _pass_on(self, identity: bytes, onward: bool, data: bytes) -> None:
        try:
            if onward:
                self._towards_recorder(identity).send(data, zmq.NOBLOCK)
            else:
                self._senders.send_multipart((identity, data), zmq.NOBLOCK)
        except zmq.Again:
            pass  # one more that is lost

    def _towards_recorder(self, identity: bytes) -> zmq.Socket[bytes]:
        if identity not in self._towards:
            socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.RECONNECT_IVL_MAX, 500)
            socket.connect(self._to)
            self._poller.register(socket, zmq.POLLIN)
            self._towards[identity], self._from[socket] = socket, identity
        return self._towards[identity]


def main() -> None:
    parser = ArgumentParser(prog="python -m telemetry.testing.lossy", description="A wire that loses messages.")
    parser.add_argument("--to", required=True, metavar="ADDRESS")
    parser.add_argument("--bind", default="tcp://127.0.0.1:*", metavar="ADDRESS")
    parser.add_argument("--seed", type=int, default=1)
    for name in Faults.__dataclass_fields__:
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=getattr(Faults(), name))
    said = parser.parse_args()
    wire = _Wire(said.bind, said.to, Faults(said.drop, said.duplicate, said.delay, said.delay_s), said.seed)
    print(f"listening on {wire.address}", flush=True)
    wire.run()


if __name__ == "__main__":
    main()
