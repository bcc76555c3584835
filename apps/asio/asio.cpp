// SPDX-License-Identifier: BSL-1.0
// apps/asio/asio.cpp - Asio, compiled once for all programs and tests (library milter_asio)

#include <boost/asio/impl/src.hpp>
