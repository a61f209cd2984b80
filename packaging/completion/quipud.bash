# bash completion for quipud and chasquid-relay: flags as their --help lists them, values where there is a choice.
_quipu() {
    local word=${COMP_WORDS[COMP_CWD]} flag= value
    COMPREPLY=()
    # "=" splits words: --flag, =, value.
    if [ "$word" = = ]; then
        flag=${COMP_WORDS[COMP_CWD - 1]} word=
    elif [ "${COMP_WORDS[COMP_CWD - 1]}" = = ]; then
        flag=${COMP_WORDS[COMP_CWD - 2]}
    fi
    case $flag in
        --log_level) mapfile -t COMPREPLY < <(compgen -W 'trace debug info warning error critical off' -- "$word") ;;
        --*_group) mapfile -t COMPREPLY < <(compgen -g -- "$word") ;;
        --*_users) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
        --*_dir) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
        --config | --log | --*_certificate | --*_key | --*_file | --*_socket)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            ;;
        '')
            value=$("$1" --help 2>/dev/null | sed -n 's/^ *\(--[a-z_]*\) arg.*/\1=/p; t; s/^ *\(--[a-z_]*=\{0,1\}\).*/\1/p')
            mapfile -t COMPREPLY < <(compgen -W "$value" -- "$word")
            [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
            ;;
    esac
}
complete -F _quipu quipud chasquid-relay
