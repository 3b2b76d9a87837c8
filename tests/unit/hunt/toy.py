"""A system to hunt in that takes no time: what it does with a seed can be read off its number."""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

FAULTY = {3, 7}
"""The faults that together break the rule, given more than one server."""


class Toy:
    @property
    def bugs(self) -> dict[str, str]:
        return {"eager": "Break the rule in seeds that are multiples of ten."}

    def draw(self, seed: int, servers: int | None) -> dict[str, Any]:
        if servers == 4:
            raise ValueError("4 servers: the toy has none of that size")
        faults = [{"number": number, "length": 40} for number in range(1, 13)]
        return {"seed": seed, "servers": servers or 5, "idle": seed, "faults": faults}

    def run(
        self, schedule: dict[str, Any], bug: str | None, log: Callable[[str], None] | None
    ) -> dict[str, Any]:
        seed = schedule["seed"]
        numbers = [fault["number"] for fault in schedule["faults"]]
        if log is not None:
            log(f"seed {seed} with {numbers}")
        if seed == 600 and set(numbers) >= FAULTY:
            # With more than these two it happens whatever the chance.
            lucky = len(numbers) > 2 or schedule.get("chance", 0) == 5
            return {"violation": "Luck: seed 600" if lucky else None, "figures": {}}
        if seed == 1001:
            while True:
                pass
        if seed == 1002:
            os._exit(3)
        if seed == 1003:
            raise RuntimeError("the toy is broken")
        if seed == 1004:
            time.sleep(60)
        broken = (seed == 500 or (bug == "eager" and seed % 10 == 0)) and schedule["servers"] > 1
        broken = broken and set(numbers) >= FAULTY
        figures = {"virtual_ms": 1000, "faults": len(numbers), "moves": 2}
        return {"violation": f"Toyness: seed {seed} fell" if broken else None, "figures": figures}

    def simpler(self, schedule: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for servers in range(1, schedule["servers"]):
            yield {**schedule, "servers": servers}
        faults = schedule["faults"]
        for index, fault in enumerate(faults):
            if fault["length"] > 1:
                half = {**fault, "length": fault["length"] // 2}
                yield {**schedule, "faults": [*faults[:index], half, *faults[index + 1 :]]}

    def with_chance(self, schedule: dict[str, Any], number: int) -> dict[str, Any]:
        return {**schedule, "chance": number}

    def story(self, schedule: dict[str, Any]) -> Iterator[str]:
        if "servers" not in schedule:
            raise ValueError("schedule.servers is missing")
        yield f"Seed {schedule['seed']}, {schedule['servers']} servers"
        for fault in schedule["faults"]:
            yield f"  fault {fault['number']} of length {fault['length']}"


TOY = Toy()
