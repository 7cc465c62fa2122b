"""Numbers that a disk may give and a database cannot hold: SQLite keeps 64 bits with a sign, Python any number.

Times before 1678 or after 2262 are beyond that in nanoseconds (NTFS tells 1601 for a time of zero; tmpfs, XFS and btrfs
keep any), inode numbers of FUSE and network drives use all 64 bits, sizes of a few sparse files add up to more.
"""

from __future__ import annotations

_WHOLE, _HALF = 1 << 64, 1 << 63


def folded(number: int) -> int:
    """A number that only has to be known again: one that does not fit becomes another, always the same one.

    Numbers that differ stay different as long as they are less than 2**64 apart, as times of files are.
    """
    return number if -_HALF <= number < _HALF else (number + _HALF) % _WHOLE - _HALF


def unfolded(number: int) -> int:
    """The inode number that was folded: none is below zero."""
    return number if number >= 0 else number + _WHOLE


def nearest(number: int) -> int:
    """An amount: one that does not fit becomes the nearest that does."""
    return min(max(number, -_HALF), _HALF - 1)
