#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""examples_test.py - the check of the guides' code finds what it promises: one small guide, with each rule broken once"""

import sys
import unittest

sys.dont_write_bytecode = True
import examples  # noqa: E402
import made_tree  # noqa: E402

EXAMPLE = """// example.cpp
#include <string>

namespace {

int one() {
    return 1;
}

int two() { return 2; }

} // namespace

int main() { return one() - 1; }
"""

GUIDE = """# Guide

```cpp
int one() {
    return 1;
}

int two() { return 2; }
```

Indented otherwise, and with lines left out:

```cpp
namespace {
// ...

  int two() { return 2; }
// ...
int main() { return one() - 1; }
```

```cpp fragment
nothing like it
```

```sh
make
```
"""

CLEAN = {"docs/examples/example.cpp": EXAMPLE, "docs/examples/other.hpp": "int three();\n", "docs/library/guide.md": GUIDE}

# what is replaced in the guide, by what, what the finding says
BROKEN = (
    ("    return 1;", "    return 10;", 'guide.md:3: no file of docs/examples has this block; it differs at "return 10;"'),
    ("int two() { return 2; }\n```", "int three();\n```", 'guide.md:3: no file of docs/examples has this block; it differs at'),
    ("int main() { return one() - 1; }", "int one() {", 'guide.md:13: no file'),
    ("int main() { return one() - 1; }", "int three();", 'guide.md:13: no file'),
    ("namespace {\n", "namespace {\nint two() { return 2; }\n", "guide.md:13: no file"),
    ("```cpp fragment", "```cpp", 'guide.md:22: no file of docs/examples has this block; it differs at "nothing like it"'),
    ("```cpp fragment", "```cpp fragments", 'guide.md:22: "cpp fragments": a block is cpp or cpp fragment'),
    ("```sh\nmake\n```", "```cpp\n```", "guide.md:26: an empty block"),
    ("```sh\nmake\n```", "```cpp\nint four();", "guide.md:26: no file"),
)


def run(files):
    """Exit code and output of the check on a tree of these files."""
    return made_tree.run(examples.main, files)


class ExampleCheck(unittest.TestCase):
    def test_a_clean_tree_passes(self):
        self.assertEqual(run(CLEAN), (0, "examples: 0 findings in 2 blocks of 1 pages\n"))

    def test_a_tree_without_guides_or_without_examples_does_not_pass(self):
        self.assertEqual(run({})[0], 1)
        self.assertEqual(run({"docs/library/guide.md": GUIDE})[0], 1)

    def test_each_rule_is_enforced(self):
        for old, new, expected in BROKEN:
            with self.subTest(new):
                self.assertIn(old, GUIDE)
                code, output = run(CLEAN | {"docs/library/guide.md": GUIDE.replace(old, new, 1)})
                self.assertEqual(code, 1, output)
                self.assertIn(expected, output)
                self.assertIn("examples: 1 findings", output)


if __name__ == "__main__":
    unittest.main()
