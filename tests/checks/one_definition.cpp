// SPDX-License-Identifier: BSL-1.0
// tests/checks/one_definition.cpp - main() of a program whose other sources include all public headers

int main() { return 0; }
