# bash completion for packetd. The options are those of cmd/options.c; a test fails when one is missing here.

_packetd_protocols() {
    packetd version 2>/dev/null | sed -n 's/^protocols: //p' | tr -d ,
}

# The values of the option $1, or nothing when it takes none of a list.
_packetd_values() {
    case $1 in
    -i | --iface | --ifaces) echo any && ls /sys/class/net 2>/dev/null ;;
    --engine) echo auto afpacket libpcap ;;
    --ipv) echo v4 v6 ;;
    --format) echo text json none ;;
    --color) echo auto always never ;;
    --time) echo local utc epoch delta ;;
    --headers) echo all none ;;
    --proto) _packetd_protocols ;;
    --port) _packetd_protocols | tr ' ' '\n' | sed 's/$/=/' ;;
    esac
}

_packetd() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local options="-i --iface --ifaces -r --read --pcap-file --pcap.file --file --engine -p --no-promisc
        -s --snaplen --ipv --workers --memory-limit --proto --port -f --filter -c --count --duration --timeout
        --headers --body --show-secrets --community-id --format --json --color --time -o --output
        --roundtrips.file --log.file --console --rotate-size --roundtrips.size --log.size --rotate-count
        --roundtrips.backups --log.backups -q --quiet -h --help -n --numeric -l --line-buffered"

    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "log watch ifaces version help" -- "$cur"))
        return
    fi
    case ${COMP_WORDS[1]} in
    help) COMPREPLY=($(compgen -W "log ifaces version help protocols $(_packetd_protocols)" -- "$cur")) && return ;;
    log | watch) ;;
    *) return ;;
    esac
    local values
    values=$(_packetd_values "$prev")
    case $prev in
    -s | --snaplen | --workers | --memory-limit | -f | --filter | -c | --count | --duration | --timeout | \
        --rotate-size | --roundtrips.size | --log.size | --rotate-count | --roundtrips.backups | --log.backups)
        return
        ;;
    esac
    if [[ -n $values ]]; then
        COMPREPLY=($(compgen -W "$values" -- "$cur"))
    elif [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$cur"))
    else
        COMPREPLY=($(compgen -f -- "$cur"))
    fi
}
complete -o filenames -F _packetd packetd
