import { splitInstruction } from '../words.ts';
import { baseStages, type Check, chainOf, some } from './warning.ts';

/** Empty lines between an instruction's first line and its last: BuildKit means to refuse them. */
export const checkEmptyLines: Check = (_, { instructions }) =>
  instructions.flatMap(({ emptyLines }) =>
    emptyLines.slice(0, 1).map((line) => ({
      rule: 'NoEmptyContinuation',
      line,
      message: 'an empty line stands inside of an instruction, take it out or write # there',
    })),
  );

/** `ENV name value`: the rest of the line is the value, also what looks like another variable. */
export const checkOldPairs: Check = (_, { instructions }) =>
  instructions
    .filter(({ keyword }) => keyword === 'ENV' || keyword === 'LABEL')
    .filter(({ rest }) => !splitInstruction(rest)[0].includes('='))
    .map(({ keyword, rest, line }) => ({
      rule: 'LegacyKeyValueFormat',
      line,
      message: `write ${keyword} ${splitInstruction(rest)[0]}=value; without = all of the line is one value`,
    }));

export const checkMaintainer: Check = ({ stages }) =>
  stages
    .flatMap(({ instructions }) => instructions)
    .filter(({ keyword }) => keyword === 'MAINTAINER')
    .map(({ line }) => ({
      rule: 'MaintainerDeprecated',
      line,
      message: 'MAINTAINER is deprecated, write LABEL org.opencontainers.image.authors="…"',
    }));

/** A shell in front of the program gets the signals, so that it is killed instead of ending by itself. */
export const checkShellForm: Check = (dockerfile) => {
  const bases = baseStages(dockerfile);
  return dockerfile.stages.flatMap((stage) => {
    if (some(chainOf(stage, bases), ({ keyword }) => keyword === 'SHELL')) return [];
    return stage.instructions.flatMap((it) => {
      if ((it.keyword !== 'CMD' && it.keyword !== 'ENTRYPOINT') || it.command.form === 'exec') return [];
      const message = /^\[\s*['"]/.test(it.command.script)
        ? `this is not JSON, so a shell gets it: write ${it.keyword} ["…", "…"] with double quotes and commas between`
        : `write ${it.keyword} ["…"]: this way a shell gets the signal to end, and not the program`;
      return [{ rule: 'JSONArgsRecommended', line: it.line, message }];
    });
  });
};

const ONCE = ['CMD', 'ENTRYPOINT', 'HEALTHCHECK'];

/** Only the last one counts. */
export const checkRepeated: Check = ({ stages }) =>
  stages.flatMap(({ instructions }) =>
    ONCE.flatMap((keyword) =>
      instructions
        .filter((it) => it.keyword === keyword)
        .slice(0, -1)
        .map(({ line }) => ({
          rule: 'MultipleInstructionsDisallowed',
          line,
          message: `this ${keyword} counts for nothing, a later one of the stage replaces it`,
        })),
    ),
  );

/** Where a relative WORKDIR leads depends on the base image, if no absolute one comes first. */
export const checkWorkdir: Check = (dockerfile) => {
  const bases = baseStages(dockerfile);
  return dockerfile.stages.flatMap((stage) => {
    const first = stage.instructions.find((it) => it.keyword === 'WORKDIR');
    const below = chainOf(stage, bases).slice(0, -1);
    const isSetBelow = some(below, ({ keyword }) => keyword === 'WORKDIR');
    if (first === undefined || isSetBelow || /^["']?[/$]/.test(first.path)) return [];
    const message = `where WORKDIR ${first.path} is depends on the base image, write an absolute path`;
    return [{ rule: 'WorkdirRelativePath', line: first.line, message }];
  });
};

/** EXPOSE names ports of the container; where they are reached from is not the image's to say. */
export const checkPorts: Check = ({ stages }) =>
  stages
    .flatMap(({ instructions }) => instructions)
    .flatMap((it) => (it.keyword === 'EXPOSE' ? it.ports.map((port) => ({ port, line: it.line })) : []))
    .flatMap(({ port, line }) => {
      if (/\/(tcp|udp|sctp)$/i.test(port) && port !== port.toLowerCase()) {
        return [{ rule: 'ExposeProtoCasing', line, message: `write ${port.toLowerCase()}` }];
      }
      if (!/^[^$]+:[^$]+$/.test(port)) return [];
      const message = `EXPOSE ${port}: images know no addresses or ports of the host, name the port alone`;
      return [{ rule: 'ExposeInvalidFormat', line, message }];
    });
