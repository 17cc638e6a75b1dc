import { VmemmapError } from '@vmemmap/core';
import { type Command, EXIT } from '../command.ts';
import type { Session } from '../session.ts';

interface Arguments {
  readonly shell?: string;
}

// What comes after the words is asked of the command itself; it looks at SHELL for the form of its answer.
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `###-begin-vmemmap-completions-###
# Installation: vmemmap completion bash >> ~/.bashrc
_vmemmap_completions()
{
    local answer
    answer="$(SHELL=bash vmemmap --get-yargs-completions "\${COMP_WORDS[@]}" 2>/dev/null)"
    COMPREPLY=( $(compgen -W "$answer" -- "\${COMP_WORDS[COMP_CWORD]}") )
}
complete -o bashdefault -o default -F _vmemmap_completions vmemmap
###-end-vmemmap-completions-###`,
  zsh: `#compdef vmemmap
###-begin-vmemmap-completions-###
# Installation: vmemmap completion zsh >> ~/.zshrc
_vmemmap_completions()
{
    local -a answer
    answer=("\${(@f)$(SHELL=zsh vmemmap --get-yargs-completions "\${words[@]}" 2>/dev/null)}")
    if [[ -n "\${answer[1]}" ]]; then
        _describe 'values' answer
    else
        _default
    fi
}
compdef _vmemmap_completions vmemmap
###-end-vmemmap-completions-###`,
};

/** `vmemmap completion`: a script for the shell. */
export const completion: Command<Arguments> = {
  usage: 'completion [shell]',
  about: 'print a completion script for the shell',
  examples: [
    ['completion bash >> ~/.bashrc', 'for bash'],
    ['completion zsh >> ~/.zshrc', 'for zsh'],
  ],
  options: {},
  positionals: { shell: 'bash or zsh (default: the one in SHELL, or bash)' },

  run({ shell }: Arguments, session: Session): number {
    const { SHELL } = session.io.env;
    const name = shell ?? (SHELL?.endsWith('zsh') ? 'zsh' : 'bash');
    const text = Object.hasOwn(SCRIPTS, name) ? SCRIPTS[name] : undefined;
    if (text === undefined) {
      throw new VmemmapError(
        'BAD_ARGUMENT',
        `no completion for ${JSON.stringify(name)}; choose one of ${Object.keys(SCRIPTS).join(', ')}`,
        '@vmemmap/cli',
      );
    }
    if (session.json) session.printJson({ text });
    else session.print(text);
    return EXIT.ok;
  },
};
