# fish completion for clusterproxy
# Load it:  clusterproxy completion fish | source
#
# The words that are offered are never evaluated: they are read line by line, and one with any character that
# a shell could take for more than itself is left out. The program is the one in PATH, whatever was typed.

function __clusterproxy_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l added ''
    command clusterproxy __complete $words[2..] "$current" 2>/dev/null </dev/null | while read -l line
        if test -z "$added"
            set added $line
            continue
        end
        set -l value (string split -m 1 \t -- $line)
        string match -qr '^[A-Za-z0-9._:/=,@%+-][A-Za-z0-9._:/=,@%+#-]*$' -- $value[1]; or continue
        printf '%s\n' $line
    end
    # Files stand behind the = of an option.
    set -l option (string match -r '^--[^=]*=' -- "$current")
    set -l place (string replace -r '^--[^=]*=' '' -- "$current")
    switch "$added"
        case files
            __fish_complete_path "$place" | string replace -r -- '^' "$option"
        case folders
            __fish_complete_directories "$place" | string replace -r -- '^' "$option"
    end
end

complete -c clusterproxy -f -k -a '(__clusterproxy_complete)'
