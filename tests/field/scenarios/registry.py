# SPDX-License-Identifier: BSL-1.0
"""The table of scenarios."""

GROUPS = ("basic", "stage", "mod", "chain", "wave", "width", "fail", "real")
SCENARIOS = {}


def scenario(group, chain="a", also=(), only=None, slow=False):
    """Register the decorated function; its name is the scenario's.

    chain  the milters that it is played against (etc/chains.conf)
    also   chains that it uses besides
    only   the one MTA that can do this
    slow   left out by --no-slow
    """

    def register(func):
        name = func.__name__
        if name in SCENARIOS:
            raise ValueError("two scenarios of one name: " + name)
        SCENARIOS[name] = {
            "name": name,
            "group": group,
            "chain": chain,
            "also": list(also),
            "only": only,
            "slow": slow,
            "func": func,
            "doc": (func.__doc__ or "").strip(),
        }
        return func

    return register


def select(names, mta, slow=True):
    """The scenarios that the names (of scenarios, of groups, "all") stand for, each once, in order."""
    out = []
    for name in names or ["all"]:
        hit = [s for s in SCENARIOS.values() if name in (s["name"], s["group"], "all")]
        if not hit:
            raise LookupError("no scenario or group: " + name)
        out += [s for s in hit if s not in out and s["only"] in (None, mta) and (slow or not s["slow"])]
    return out
