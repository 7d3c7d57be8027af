# shellcheck shell=bash disable=SC2154
# What alarms.sh waits with: for each alarm when it was caused and how, whether its message came, what the command at its end answers.
# Sourced after lib.sh. Needs $alarms (the file of alarms), $TELEGRAM_LOG and $seen, a folder.

declare -A command_of=() how=() began=() from=()
order=()
typing=()
lost=0

# Each alarm's name and the command that its message must end with.
read_alarms() {
  local name command all
  while IFS=$'\t' read -r name command; do
    command_of[$name]=$command
    order+=("$name")
  done < <(awk '/^ *(alarm|template):/ { name = substr($2, 4) } sub(/^ *info: .*Type first: /, "") { print name "\t" $0 }' "$alarms")
  received=$(wc -l <"$TELEGRAM_LOG")
  all=$(grep -cE '^ *(alarm|template):' "$alarms")
  ((${#order[@]} == all && all >= 17)) || fail "of $all alarms in $alarms, ${#order[@]} end with a command"
}

# cause ALARM HOW: to be said just before it is done.
cause() {
  began[$1]=$EPOCHREALTIME
  from[$1]=$(wc -l <"$TELEGRAM_LOG")
  how[$1]=$2
}

# The first message of an alarm since it was caused, as its line of JSON.
message_of() {
  tail -n "+$((from[$1] + 1))" "$TELEGRAM_LOG" |
    jq -c --arg name "$1" 'select(.text | test("^\\S+ (WARNING|CRITICAL) " + $name + " on "))' | head -n 1
}
has_come() { [[ -n $(message_of "$1") ]]; }

# await SECONDS ALARM…: keeps each one's message, and types its command while the cause is still there. Ends with the first that is lost.
await() {
  local deadline=$((SECONDS + $1)) name
  shift
  for name in "$@"; do
    until has_come "$name"; do
      if ((SECONDS >= deadline)); then
        say "LOST: $name, caused by: ${how[$name]}"
        lost=$((lost + 1))
        continue 2
      fi
      sleep 0.5
    done
    message_of "$name" >"$seen/$name.json"
    say "$(jq -r '.text | split("\n")[0]' "$seen/$name.json")"
    type_first "$name" &
    typing+=($!)
  done
}

# What is under way may need what the next cause takes away.
await_commands() { ((${#typing[@]} == 0)) || wait "${typing[@]}"; }

# What an operator would do now. Scripts of deploy/ are shown by the rehearsal in parts of their own: here they must be there.
type_first() {
  local command status=0
  command=$(jq -r '.text | split("\n")[-1]' "$seen/$1.json")
  case $command in
  /opt/course-supporter/*) [ -x "$here/${command#/opt/course-supporter/}" ] && echo 'is there' >"$seen/$1.out" || status=127 ;;
  *) timeout 60 bash -c "$command" >"$seen/$1.out" 2>&1 </dev/null || status=$? ;;
  esac
  echo "$status" >"$seen/$1.status"
}

# A command may end with an error because what it tells is one; but it has to tell something about the product.
is_useful() {
  local told
  told=$(grep -vcE 'Error response from daemon|No such (container|object)|command not found|unknown command' "$seen/$1.out")
  ((told > 0)) || [[ $(cat "$seen/$1.status") == 0 && ! -s $seen/$1.out ]]
}

# The table, and what is wrong in it.
tell_alarms() {
  local name text expected seconds last wrong=$lost
  await_commands
  printf '\n%-20s %8s  %s\n' ALARM SECONDS 'CAUSED BY → FIRST LINE → COMMAND (what it answered)'
  for name in "${order[@]}"; do
    [ -s "$seen/$name.json" ] || { printf '%-20s %8s  %s\n' "$name" never "${how[$name]:-nobody caused it}"; wrong=$((wrong + 1)); continue; }
    text=$(jq -r .text "$seen/$name.json")
    seconds=$(jq -r --arg began "${began[$name]}" '((.time | sub("\\.\\d+Z$"; "Z") | fromdate) - ($began | tonumber)) | ceil' "$seen/$name.json")
    last=${text##*$'\n'}
    expected=${command_of[$name]//\$family/$worker}
    printf '%-20s %8s  %s\n%30s%s\n%30s%s\n' "$name" "$seconds" "${how[$name]}" '' "${text%%$'\n'*}" '' \
      "$last ($(cat "$seen/$name.status"): $(grep -c '' "$seen/$name.out") lines)"
    [[ $last == "$expected" ]] || { say "$name ends with another command than: $expected"; wrong=$((wrong + 1)); }
    is_useful "$name" || { say "$name: its command is of no use: $(head -n 2 "$seen/$name.out")"; wrong=$((wrong + 1)); }
    printf 'alarm: %s\t%s\t%s\n' "$name" "$seconds" "${how[$name]}: ${text%%$'\n'*}" >>"$results"
  done
  return "$((wrong > 0))"
}

# All that the operator has got meanwhile, as Telegram shows it.
print_messages() {
  printf '\nMESSAGES\n'
  tail -n "+$((received + 1))" "$TELEGRAM_LOG" | jq -r '"\(.time[11:19])  \(.text | gsub("\n"; "\n          "))"'
}
