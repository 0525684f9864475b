"""What the system refuses, in words for the person who meets it.

Belongs here: full disks and folders that cannot be written. Does not belong here: what a document, a setting
or a query has wrong.
"""

from __future__ import annotations

import errno

# What was written before stays whole.
_SYSTEM = {
    errno.EEXIST: "数据目录里应是文件夹的地方有一个文件，把它移走再运行一次",
    errno.ENOTDIR: "数据目录里应是文件夹的地方有一个文件，把它移走再运行一次",
    errno.ENOSPC: "磁盘已满，腾出空间后再运行一次，已入库的不受影响",
    errno.EDQUOT: "磁盘配额已用完，腾出空间后再运行一次，已入库的不受影响",
    errno.EROFS: "数据目录在只读的盘上，换一个 --home 或改为可写",
    errno.EACCES: "数据目录不可写，给运行程序的用户写入权限或换一个 --home",
    errno.EPERM: "数据目录不可写，给运行程序的用户写入权限或换一个 --home",
}


def of_the_system(error: Exception) -> str:
    """What a full disk or a folder that cannot be written is called, and what to do; else nothing."""
    if not isinstance(error, OSError):
        return ""
    reason = _SYSTEM.get(error.errno or 0, "")
    return f"{reason}（{error.filename}）" if reason and error.filename else reason
