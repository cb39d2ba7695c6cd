"""capi.py HOST: what only MariaDB's C library does: a cursor on the server, fetched in parts, and a preparation
and its execution sent together."""
import ctypes
import sys

lib = ctypes.CDLL("libmariadb.so.3")
for name in ("mysql_init", "mysql_real_connect", "mysql_stmt_init"):
    getattr(lib, name).restype = ctypes.c_void_p
lib.mysql_error.restype = ctypes.c_char_p
CURSOR_TYPE, PREFETCH_ROWS = 1, 2

db = ctypes.c_void_p(lib.mysql_init(None))
if not lib.mysql_real_connect(db, sys.argv[1].encode(), b"app", b"s3cret", b"shop", 3306, None, ctypes.c_ulong(0)):
    sys.exit(lib.mysql_error(db).decode())
stmt = ctypes.c_void_p(lib.mysql_stmt_init(db))
one, five = ctypes.c_ulong(1), ctypes.c_ulong(5)
lib.mysql_stmt_attr_set(stmt, CURSOR_TYPE, ctypes.byref(one))
lib.mysql_stmt_attr_set(stmt, PREFETCH_ROWS, ctypes.byref(five))
sql = b"SELECT seq FROM seq_1_to_12"
lib.mysql_stmt_prepare(stmt, sql, ctypes.c_ulong(len(sql)))
lib.mysql_stmt_execute(stmt)
while lib.mysql_stmt_fetch(stmt) == 0:
    pass
lib.mysql_stmt_reset(stmt)
lib.mysql_stmt_close(stmt)
for sql in (b"SELECT 1, 'direct'", b"UPDATE users SET name = 'ann' WHERE id = 1", b"SELECT direct FROM nowhere"):
    stmt = ctypes.c_void_p(lib.mysql_stmt_init(db))
    lib.mariadb_stmt_execute_direct(stmt, sql, ctypes.c_ulong(len(sql)))
    lib.mysql_stmt_store_result(stmt)
    lib.mysql_stmt_close(stmt)
lib.mysql_close(db)
