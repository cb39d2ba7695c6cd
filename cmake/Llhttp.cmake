# The target `llhttp`: the system's library where pkg-config knows one, else the sources that Debian's
# node-llhttp ships, compiled here. Not our code, so without our warning flags.
pkg_check_modules(LLHTTP IMPORTED_TARGET GLOBAL libllhttp)
if(LLHTTP_FOUND)
  add_library(llhttp ALIAS PkgConfig::LLHTTP)
  return()
endif()

find_path(LLHTTP_SOURCES llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
find_path(LLHTTP_INCLUDE llhttp.h PATHS /usr/share/include/llhttp)
if(NOT LLHTTP_SOURCES OR NOT LLHTTP_INCLUDE)
  packetd_need(LLHTTP_FOUND "llhttp" node-llhttp)
endif()
add_library(llhttp STATIC ${LLHTTP_SOURCES}/api.c ${LLHTTP_SOURCES}/http.c ${LLHTTP_SOURCES}/llhttp.c)
target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE})
# gcc would clear the parser with `rep stos`, which takes longer than the call.
target_compile_options(llhttp PRIVATE -w -O2 -fno-builtin-memset)
if(PD_SANITIZE MATCHES "address")
  target_compile_options(llhttp PRIVATE -fsanitize=address)
endif()
