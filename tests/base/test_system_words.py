"""What the system says, as messages."""

from __future__ import annotations

import errno
import os

from model_manager.base.messages import Message
from model_manager.base.system_words import system_words


def test_what_the_system_says_of_a_full_or_closed_disk_is_known() -> None:
    for number in (errno.ENOSPC, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.EIO):
        assert isinstance(system_words(os.strerror(number)), Message)


def test_other_words_stay_what_they_are() -> None:
    assert not isinstance(system_words("Tom and Jerry"), Message)
    assert system_words("Tom and Jerry") == "Tom and Jerry"
