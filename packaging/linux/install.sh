#!/bin/sh
# Puts Model Manager into your home: the program, its menu entry, icons, and "Open with" for .gguf and .safetensors.
# Run it from the unpacked folder, as yourself. Running it again replaces an older version. uninstall.sh undoes it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
: "${HOME:?HOME is not set}"
share=${XDG_DATA_HOME:-$HOME/.local/share}
program=$HOME/.local/lib/model-manager
command=$HOME/.local/bin/model-manager

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

[ -x "$here/program/model-manager" ] || fail "The program is not beside this script: unpack the whole archive first."
case $HOME$share in *'
'*) fail "The path of your home has a line break in it; that cannot be written into a menu entry." ;; esac
if [ -e "$program" ] && [ ! -e "$program/.installed" ]; then
    fail "$program is there already and was not put there by this script. Move it away and start again."
fi
if [ -e "$command" ] || [ -L "$command" ]; then
    [ "$(readlink "$command" || :)" = "$program/model-manager" ] ||
        fail "$command is there already and belongs to something else. Move it away and start again."
fi

# Copied beside the old one and then exchanged, so that an interrupted copy leaves the old one whole.
mkdir -p "$HOME/.local/lib" "$HOME/.local/bin" "$share/applications" "$share/mime/packages"
rm -rf "$program.new"
cp -R "$here/program" "$program.new"
cp "$here/uninstall.sh" "$program.new/"
: > "$program.new/.installed"
rm -rf "$program"
mv "$program.new" "$program"
ln -sf "$program/model-manager" "$command"

# A menu entry needs whole paths, since ~/.local/bin is not on everybody's PATH. Inside quotes a backslash goes before
# " ` $ and itself; the file's own rules then double every backslash, and % is doubled.
quoted=$(printf '%s' "$program/model-manager" | sed -e 's/[\\"`$]/\\&/g' -e 's/\\/\\\\/g' -e 's/%/%%/g')
while IFS= read -r line; do
    case $line in
    Exec=*) printf 'Exec="%s" %%f\n' "$quoted" ;;
    *) printf '%s\n' "$line" ;;
    esac
done < "$here/model-manager.desktop" > "$share/applications/model-manager.desktop.new"
mv "$share/applications/model-manager.desktop.new" "$share/applications/model-manager.desktop"
cp "$here/model-manager.xml" "$share/mime/packages/model-manager.xml"
for icon in "$here"/icons/*.png; do
    size=${icon##*-}
    size=${size%.png}
    mkdir -p "$share/icons/hicolor/${size}x${size}/apps"
    cp "$icon" "$share/icons/hicolor/${size}x${size}/apps/model-manager.png"
done
mkdir -p "$share/icons/hicolor/scalable/apps"
cp "$here/icons/model-manager.svg" "$share/icons/hicolor/scalable/apps/model-manager.svg"

# Desktops notice by themselves after a while; where these are there, at once.
! command -v update-mime-database > /dev/null 2>&1 || update-mime-database "$share/mime" > /dev/null 2>&1 || :
! command -v update-desktop-database > /dev/null 2>&1 || update-desktop-database "$share/applications" > /dev/null 2>&1 || :
[ ! -e "$share/icons/hicolor/icon-theme.cache" ] || ! command -v gtk-update-icon-cache > /dev/null 2>&1 ||
    gtk-update-icon-cache -q -t -f "$share/icons/hicolor" > /dev/null 2>&1 || :

printf 'Model Manager is in your menu, and as %s.\n' "$command"
case :$PATH: in
*":$HOME/.local/bin:"*) ;;
*) printf 'To type `model-manager` alone, add ~/.local/bin to your PATH.\n' ;;
esac
printf 'To remove it: %s/uninstall.sh\n' "$program"
