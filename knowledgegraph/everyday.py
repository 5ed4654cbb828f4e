"""Which manual pages people at a shell really use.

A machine has some thousand pages, and most of them are about tools of vendors, file formats and the kernel. They share
their words with the pages that answer the questions people ask ("copy", "list", "network"), and nothing in a page says
which of the two it is. So the few that matter are named here.
"""

from __future__ import annotations

_COMMANDS = """
[ adduser apropos apt apt-cache apt-file apt-get at awk base64 basename bash bc blkid bzip2 cal cat chattr chgrp chmod
chown chroot chsh clear cmp column comm cp crontab curl cut dash date dd deluser df diff dig dirname dmesg dpkg
dpkg-query dpkg-reconfigure du env envsubst fdisk file find findmnt flock fold free fsck fuser gawk getent gpg grep
groupadd groups gunzip gzip head host hostname hostnamectl htop iconv id install ip ip-address join journalctl jq kill
killall last ldd less ln locale locate ls lsblk lscpu lsof lspci lsusb make man mawk md5sum mkdir mke2fs mkfs mktemp
more mount mv nano nc netstat nice nl nohup nproc nslookup od openssl passwd paste patch pgrep pidof ping pkill
printenv ps pstree readlink realpath reboot renice resize2fs rev rm rmdir rsync scp screen script sed seq sftp
sha256sum shred shuf shutdown sleep sort split ss ssh ssh-add ssh-agent ssh-copy-id ssh-keygen ssh-keyscan stat strace
strings stty su sudo sync sysctl systemctl tac tail tar tee timedatectl timeout tmux top touch tput tr traceroute tree
truncate umount uname uniq unzip update-alternatives uptime useradd userdel usermod vi vim visudo vmstat w watch wc
wget whatis whereis which who whoami xargs xxd xz yes zcat zgrep zip zstd
"""

# As they are cited: "bash NAME" where a program of that name has a page too, which then is among the commands.
_BUILTINS = """
(( . : [[ alias bg break case cd command compgen continue declare disown eval exec exit export fc fg for function
getopts help history if jobs local mapfile popd pushd read readonly return select set shift shopt source trap type
ulimit umask unalias unset until wait while
"""
_BOTH = "echo false kill printf pwd test time true"

_FILES_AND_OVERVIEWS = """
crontab(5) fstab(5) group(5) hosts(5) os-release(5) passwd(5) proc(5) resolv.conf(5) services(5) sources.list(5)
ssh_config(5) sshd_config(5) sudoers(5) systemd.service(5) systemd.timer(5) systemd.unit(5) ascii(7) environ(7) glob(7)
hier(7) regex(7) signal(7) symlink(7) systemd.time(7) utf-8(7)
"""

EVERYDAY: frozenset[str] = frozenset(
    f"{_COMMANDS} {_BUILTINS} {_BOTH} {_FILES_AND_OVERVIEWS}".split()
    + [f"bash {name}" for name in _BOTH.split() if name != "["]
)
"""The pages of commands, builtins of bash, files and overviews that answer everyday questions, named as they are cited
(kind ``linux``: ``ls``, ``bash echo``, ``fstab(5)``). The search prefers them, with their sections, to pages of vendors
and of the kernel that fit a question about as well. A page need not be on this machine; other names of a page
(``pkill`` of ``pgrep``, ``awk`` of ``mawk`` or ``gawk``) are here too, because which one it has differs."""
