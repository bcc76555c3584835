// SPDX-License-Identifier: BSL-1.0
// milter/compat/description.hpp - what a program for libmilter registers: struct smfiDesc
//
// The only names outside of namespace milter, with those of mfapi.hpp: they are libmilter's. Texts that are only read
// are `char const*` here, so that a C program's literals compile as C++.
#pragma once

#include <milter/compat/mfdef.hpp>

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>

// NOLINTBEGIN: the names and the C of libmilter
#ifndef _SOCK_ADDR
#define _SOCK_ADDR struct sockaddr
#endif

struct smfi_str; ///< one connection of an MTA: compat/context.hpp
typedef struct smfi_str SMFICTX;
typedef struct smfi_str* SMFICTX_PTR;

typedef int sfsistat; ///< SMFIS_*

struct smfiDesc {
    char const* xxfi_name;    ///< for the log
    int xxfi_version;         ///< SMFI_VERSION
    unsigned long xxfi_flags; ///< SMFIF_*: actions, unless xxfi_negotiate chooses them
    sfsistat (*xxfi_connect)(SMFICTX*, char*, _SOCK_ADDR*);
    sfsistat (*xxfi_helo)(SMFICTX*, char*);
    sfsistat (*xxfi_envfrom)(SMFICTX*, char**);
    sfsistat (*xxfi_envrcpt)(SMFICTX*, char**);
    sfsistat (*xxfi_header)(SMFICTX*, char*, char*);
    sfsistat (*xxfi_eoh)(SMFICTX*);
    sfsistat (*xxfi_body)(SMFICTX*, unsigned char*, std::size_t);
    sfsistat (*xxfi_eom)(SMFICTX*);
    sfsistat (*xxfi_abort)(SMFICTX*);
    sfsistat (*xxfi_close)(SMFICTX*);
    sfsistat (*xxfi_unknown)(SMFICTX*, char const*);
    sfsistat (*xxfi_data)(SMFICTX*);
    sfsistat (*xxfi_negotiate)(SMFICTX*, unsigned long, unsigned long, unsigned long, unsigned long,
                               unsigned long*, unsigned long*, unsigned long*, unsigned long*);
};

typedef struct smfiDesc smfiDesc_str;
typedef struct smfiDesc* smfiDesc_ptr;
// NOLINTEND
