# SPDX-License-Identifier: BSL-1.0
# test_milter.py - a test for each scenario of the folder MILTER_SCENARIOS
import os
import pathlib

import milter_scenarios
import pytest

SCENARIOS = sorted(pathlib.Path(os.environ["MILTER_SCENARIOS"]).glob("**/*.toml"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(scenario, milter_socket):
    assert milter_scenarios.unmet(milter_scenarios.play(scenario, milter_socket)) == []
