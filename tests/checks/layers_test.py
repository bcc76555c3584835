#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""layers_test.py - the layer check finds what it promises: one small tree, with each rule broken once"""

import sys
import unittest

sys.dont_write_bytecode = True
import layers  # noqa: E402
import made_tree  # noqa: E402

CLEAN = {
    "include/milter/error.hpp": "#include <boost/system/result.hpp>\n#include <string>\n",
    "include/milter/wire/frame.hpp": '#include "milter/error.hpp"\n',
    "include/milter/proto/state.hpp": "#include <milter/wire/frame.hpp>\n#include <chrono>\n",
    "include/milter/message/body_store.hpp": "#include <unistd.h>\n",
    "include/milter/corpus/conversation_json.hpp": "#include <nlohmann/json.hpp>\n",
    "include/milter/net/listener.hpp": '#include "milter/proto/state.hpp"\n#include <boost/asio/awaitable.hpp>\n',
    "include/milter/milter.hpp": '#include "milter/proto/state.hpp"\n',
    "apps/manager/core/plan.hpp": '#include "milter/proto/state.hpp"\n',
    "apps/manager/core/session.hpp": '#include "plan.hpp"\n#include "manager/core/plan.hpp"\n',
    "apps/manager/config/toml.cpp": '#include "manager/core/plan.hpp"\n#include <toml++/toml.h>\n#include <fstream>\n',
    "apps/manager/service/relay.hpp": '#include "milter/net/listener.hpp"\n#include <thread>\n#include <sys/socket.h>\n',
    "apps/manager/main.cpp": '#include "service/relay.hpp"\n#include <CLI/CLI.hpp>\n#include <fmt/core.h>\n',
    "tests/wire/frame.cpp": '// #include <regex>\n/* std::regex */ char const* text = "// "; #include <string>\n',
}

# file, its text, what the finding says
BROKEN = (
    ("include/milter/endpoint.hpp", '#include "milter/wire/frame.hpp"\n', "of layer wire; it may include no layer"),
    ("include/milter/wire/code.hpp", "#include <milter/proto/state.hpp>\n", "of layer proto"),
    ("include/milter/wire/command.hpp", '#include "../proto/state.hpp"\n', "of layer proto"),
    ("include/milter/proto/a.hpp", "#include <boost/asio/buffer.hpp>\n", "(asio) in layer proto"),
    ("include/milter/proto/b.hpp", "#include <nlohmann/json.hpp>\n", "(nlohmann_json) in layer proto"),
    ("include/milter/proto/b_json.hpp", "#include <nlohmann/json.hpp>\n", "(nlohmann_json) in layer proto"),
    ("include/milter/proto/c.hpp", "#include <sys/socket.h>\n", "(POSIX) in layer proto"),
    ("include/milter/proto/d.hpp", "#include <thread>\n", "no I/O, threads or clocks"),
    ("include/milter/proto/e.hpp", "auto t = std::chrono::steady_clock::now();\n", "reads a clock"),
    ("include/milter/message/a.hpp", '#include "milter/proto/state.hpp"\n', "of layer proto"),
    ("include/milter/message/b.hpp", "#include <unistd.h>\n", "(POSIX) in layer message"),
    ("include/milter/corpus/player.hpp", "#include <nlohmann/json.hpp>\n", "only files named *_json.* may"),
    ("include/milter/net/a.hpp", "#include <boost/asio.hpp>\n", "narrow headers"),
    ("include/milter/net/b.hpp", "#include <fmt/core.h>\n", "(fmt) in layer net"),
    ("include/milter/net/c.hpp", '#include "milter/nowhere.hpp"\n', "does not exist"),
    ("apps/manager/core/a.cpp", '#include "manager/service/relay.hpp"\n', "of layer service"),
    ("apps/manager/core/b.cpp", '#include "milter/net/listener.hpp"\n', "of layer net"),
    ("apps/manager/core/c.cpp", "#include <unistd.h>\n", "(POSIX) in layer manager"),
    ("apps/manager/service/a.cpp", "#include <CLI/CLI.hpp>\n", "(CLI11) in layer service"),
    ("apps/manager/a.cpp", "#include <regex>\n", "overflows the stack"),
    ("tests/wire/a.cpp", "bool b = std::regex_match(s, std::regex(t));\n", "overflows the stack"),
    ("tests/wire/b.cpp", "#include <boost/test/included/unit_test.hpp>\n", "10 s a program"),
)


def run(files):
    """Exit code and output of the check on a tree of these files."""
    return made_tree.run(layers.main, files)


class LayerCheck(unittest.TestCase):
    def test_a_clean_tree_passes(self):
        self.assertEqual(run(CLEAN), (0, f"layers: 0 findings in {len(CLEAN)} files\n"))

    def test_an_empty_tree_does_not_pass(self):
        self.assertEqual(run({})[0], 1)

    def test_each_rule_is_enforced(self):
        for path, text, expected in BROKEN:
            with self.subTest(path):
                code, output = run(CLEAN | {path: text})
                self.assertEqual(code, 1, output)
                self.assertIn("layers: 1 findings", output)
                self.assertIn(f"{path}:1: ", output)
                self.assertIn(expected, output)


if __name__ == "__main__":
    unittest.main()
