# SPDX-License-Identifier: BSL-1.0
"""The header-only library for Conan 2: `conan create packaging/conan` in a clone. Not run: see packaging/README.md."""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir

ROOT = os.path.join("..", "..")
SOURCES = ("CMakeLists.txt", "LICENSE", "README.md", "CHANGELOG.md", "cmake/*", "include/*", "docs/*", "rules/*")


class MilterToolkit(ConanFile):
    name = "milter-toolkit"
    description = "Toolkit for the milter protocol: both sides, with and without sockets"
    license = "BSL-1.0"
    topics = ("milter", "mail", "postfix", "sendmail")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"json": [True, False]}  # corpora as JSON: milter::json
    default_options = {"json": False}

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, ROOT, "include", "milter", "version.hpp"))
        self.version = re.search(r'version_string = "([^"]+)"', header).group(1)

    def export_sources(self):
        for pattern in SOURCES:
            copy(self, pattern, os.path.join(self.recipe_folder, ROOT), self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("boost/[>=1.81 <2]", transitive_headers=True)
        if self.options.json:
            self.requires("nlohmann_json/[>=3.11 <4]", transitive_headers=True)

    def validate(self):
        check_min_cppstd(self, 20)

    def package_id(self):
        self.info.clear()

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("APPS", "REPLAY", "TESTS"):
            toolchain.cache_variables["MILTER_BUILD_" + part] = False
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install(component="milter_development")
        rmdir(self, os.path.join(self.package_folder, "share", "cmake"))  # Conan makes its own
        rmdir(self, os.path.join(self.package_folder, "share", "pkgconfig"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "milter")
        self.cpp_info.set_property("pkg_config_name", "milter-toolkit")
        self.cpp_info.components["core"].set_property("cmake_target_name", "milter::milter")
        self.cpp_info.components["core"].requires = ["boost::headers"]
        self.cpp_info.components["net"].set_property("cmake_target_name", "milter::net")
        self.cpp_info.components["net"].requires = ["core"]
        self.cpp_info.components["net"].system_libs = ["pthread"]
        if self.options.json:
            self.cpp_info.components["json"].set_property("cmake_target_name", "milter::json")
            self.cpp_info.components["json"].requires = ["core", "nlohmann_json::nlohmann_json"]
        for component in self.cpp_info.components.values():
            component.bindirs = component.libdirs = []
