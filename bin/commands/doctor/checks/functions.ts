import { follow } from '../../operate/follow.ts';
import { type Finding, notOk, ok, unknown } from '../finding.ts';
import type { Check } from '../patient.ts';

const SILENT = { isTTY: false, write: () => true };

/** What the functions themselves find, with their own rights: the cluster, the ledger, the git host and its token. */
export const functions: Check = {
  about: 'functions',
  needs: ['lambda:InvokeFunction on fairlead-operate'],
  async look({ ask }) {
    const started = await ask({ do: 'examine' });
    if (started.is !== 'started') return [unknown('functions', `they answer '${started.is}'`)];
    const ended = await follow(ask, started.execution, SILENT);
    if (ended.outcome !== 'examined')
      return [notOk('functions', ended.message, 'see the log of the function deploy')];
    return [
      ok('functions', 'operate, deploy and roll-out answer'),
      ...(ended.findings ?? []).map((one): Finding => ({ ...one })),
    ];
  },
};
