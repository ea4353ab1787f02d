/**
 * What a shell reads to complete `gambeson`: each script asks the program itself, by its hidden
 * command `__complete`, which prints a candidate a line, its description after a tab. Where it
 * prints none, the shell completes the names of files.
 */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const bash = `# Completion of gambeson for bash: source <(gambeson completion bash)
_gambeson() {
  local word="\${COMP_WORDS[COMP_CWORD]}" line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "\${#COMPREPLY[@]}" -eq 0 ] && [ "\${word:0:1}" != - ]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word")
  fi
}
complete -F _gambeson gambeson
`;

const zsh = `#compdef gambeson
# Completion of gambeson for zsh: a file _gambeson in a directory of $fpath.
_gambeson() {
  local -a candidates
  local line value description tab=$'\\t'
  while IFS= read -r line; do
    value="\${line%%$tab*}"
    description="\${line#*$tab}"
    candidates+=("\${value//:/\\\\:}:\${description}")
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#candidates} )); then
    _describe gambeson candidates
  else
    _files
  fi
}
if [ "$funcstack[1]" = _gambeson ]; then
  _gambeson "$@"
else
  compdef _gambeson gambeson
fi
`;

const fish = `# Completion of gambeson for fish: ~/.config/fish/completions/gambeson.fish
function __gambeson_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] __complete -- $words[2..] 2>/dev/null
end
complete -c gambeson -f -a '(__gambeson_complete)'
complete -c gambeson -n 'test -z "(__gambeson_complete)"' -F
`;

export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
