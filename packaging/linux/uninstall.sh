#!/bin/sh
# Takes away what install.sh put into your home. Your models stay, and so does what Model Manager knows about them
# (its catalogue, settings and journal), unless you say --with-data.
set -eu

: "${HOME:?HOME is not set}"
share=${XDG_DATA_HOME:-$HOME/.local/share}
program=$HOME/.local/lib/model-manager
command=$HOME/.local/bin/model-manager
data=${MODEL_MANAGER_DATA:-$share/model-manager}

case ${1-} in
'' | --with-data) ;;
*)
    printf 'usage: uninstall.sh [--with-data]\n' >&2
    exit 2
    ;;
esac

if [ "$(readlink "$command" 2> /dev/null || :)" = "$program/model-manager" ]; then
    rm -f "$command"
fi
rm -f "$share/applications/model-manager.desktop" "$share/mime/packages/model-manager.xml"
for icon in "$share"/icons/hicolor/*/apps/model-manager.png "$share"/icons/hicolor/*/apps/model-manager.svg; do
    rm -f "$icon"
done
if [ -e "$program/.installed" ]; then
    rm -rf "$program"
fi
rm -rf "$program.new"

! command -v update-mime-database > /dev/null 2>&1 || update-mime-database "$share/mime" > /dev/null 2>&1 || :
! command -v update-desktop-database > /dev/null 2>&1 || update-desktop-database "$share/applications" > /dev/null 2>&1 || :
[ ! -e "$share/icons/hicolor/icon-theme.cache" ] || ! command -v gtk-update-icon-cache > /dev/null 2>&1 ||
    gtk-update-icon-cache -q -t -f "$share/icons/hicolor" > /dev/null 2>&1 || :

printf 'Model Manager is removed. Your models were not touched.\n'
if [ ! -d "$data" ]; then
    exit 0
elif [ "${1-}" != --with-data ]; then
    printf 'What it knew about them is still in %s; uninstall.sh --with-data removes that too.\n' "$data"
    exit 0
fi
# By name: whatever else lies in that folder is not ours.
rm -f "$data"/catalogue.* "$data"/settings.json* \
    "$data"/model-manager.log "$data"/model-manager.log.* "$data/window.lock" "$data/window.sock" "$data/changing.lock" "$data/reserve" "$data/window.port"
rm -rf "$data/journal" "$data/scratch"
if rmdir "$data" 2> /dev/null; then
    printf 'What it knew about them is removed too; what was changed can no longer be undone.\n'
else
    printf 'What it knew about them is removed too, but for what else lies in %s.\n' "$data"
fi
