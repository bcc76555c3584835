# SPDX-License-Identifier: BSL-1.0
# conftest.py - one milter for all tests, its command from the environment
import os

import milter_scenarios
import pytest


@pytest.fixture(scope="session")
def milter_socket():
    with milter_scenarios.running_milter(os.environ["MILTER_COMMAND"]) as socket:
        yield socket
