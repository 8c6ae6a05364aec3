import { constants } from 'node:os';
import type { LogRef } from '../kube/logs.ts';
import type { Pod } from '../kube/wire.ts';
import { type ContainerStatus, containersOf, endsSince, lastEnd, type Terminated } from './containers.ts';
import { lastWords } from './last-words.ts';
import type { Finding } from './verdict.ts';
import { eventsOf, type Facts, logKey, msOf, startOf, timeOf } from './view.ts';

/** Seconds of life below which a program ended "right after its start". */
const AT_ONCE = 5;

/** Containers of a pod that end, or cannot be started at all. One end alone is borne. */
export function crashFindings(facts: Facts, pod: Pod): Finding[] {
  return containersOf(pod).flatMap(
    (container) => startFinding(facts, pod, container) ?? crashFinding(facts, pod, container) ?? [],
  );
}

const UNSTARTABLE = new Set([
  'CreateContainerConfigError',
  'RunContainerError',
  'StartError',
  'ContainerCannotRun',
]);

/**
 * What the kubelet could not read; it answers from a cache of Secrets and ConfigMaps that may be behind, or not be filled
 * yet (kubernetes, pkg/kubelet/util/manager/watch_based_manager.go).
 */
const UNREAD = /^(secret|configmap) ".*" not found$|^couldn't find key |^failed to sync /;
const UNSYNCED = /^failed to sync /;

/** What the container runtime refuses; the program has not run, so there is no log. */
export function startFinding(facts: Facts, pod: Pod, container: ContainerStatus): Finding | undefined {
  const { name, state, lastState } = container;
  const told = [state?.waiting, state?.terminated, lastState?.terminated].find(
    (entry) => entry?.reason !== undefined && UNSTARTABLE.has(entry.reason),
  );
  if (told !== undefined)
    return {
      weight: mayHeal(facts, pod, told.message) ? 'bearable' : 'final',
      reason: `container ${name} cannot be started: ${startError(told.message, told.reason)}`,
    };
  // The runtime may be busy rather than unwilling.
  if (state?.waiting?.reason !== 'CreateContainerError') return undefined;
  return {
    weight: 'bearable',
    reason: `container ${name} cannot be started: ${startError(state.waiting.message, 'CreateContainerError')}`,
  };
}

/** What was not found is looked for once more, a second later; what was not read says nothing of what is there. */
function mayHeal(facts: Facts, pod: Pod, message = ''): boolean {
  if (!UNREAD.test(message)) return false;
  if (UNSYNCED.test(message)) return true;
  const refusals = eventsOf(facts, pod.metadata?.uid).filter(
    (event) => event.message === `Error: ${message}`,
  );
  return refusals.reduce((times, { count }) => times + (count ?? 1), 0) < 2;
}

function startError(message = '', reason = ''): string {
  // The kubelet adds whom it speaks of, which the reader knows.
  const text = (/exec: .*/s.exec(message)?.[0] ?? message).replace(
    / \(pod: "[^"]*", container: [^)]*\)$/,
    '',
  );
  return withRemedy(text.split('\n')[0]?.replace(/: unknown$/, '') || reason);
}

function withRemedy(line: string): string {
  return /exec format error/i.test(line)
    ? `${line}; the image is for another processor architecture than the node's`
    : line;
}

function crashFinding(facts: Facts, pod: Pod, container: ContainerStatus): Finding | undefined {
  const end = lastEnd(container);
  if (end === undefined) return undefined;
  // Of an init container, `ready` says that it has done its work.
  if (container.ready) return undefined;
  const evidence = runThatEnded(pod, container);
  const reason = crashReason(facts, pod, container, end);
  // A pod from before this rollout may have ended before for other reasons; the first wait comes with a second end.
  const count = endsSince(pod, container, startOf(facts));
  const looping = container.state?.waiting?.reason === 'CrashLoopBackOff' ? count >= 1 : count >= 2;
  return { weight: looping ? 'final' : 'bearable', reason, evidence };
}

/** The log of the run that ended last. */
export function runThatEnded(pod: Pod, { name, state }: ContainerStatus): LogRef {
  return {
    namespace: pod.metadata?.namespace ?? '',
    pod: pod.metadata?.name ?? '',
    container: name,
    // While it waits to be started again, its current log still is that of the run that ended.
    run: state?.running === undefined ? 'current' : 'previous',
  };
}

/** How a container ended, and what it said last: `container web exits with code 2 right after its start: panic: boom`. */
export function crashReason(facts: Facts, pod: Pod, container: ContainerStatus, end: Terminated): string {
  const { name } = container;
  const words =
    lastWords(facts.logs.get(logKey(runThatEnded(pod, container))) ?? []) ??
    (end.message ? lastWords(end.message.split('\n')) : undefined);
  const said = words === undefined ? '' : `: ${withRemedy(words)}`;
  if (end.reason === 'OOMKilled')
    return `container ${name} was killed for want of memory${limitOf(pod, name)}${said}`;
  const probe = failedProbe(facts, pod, name, end);
  if (probe !== undefined) return `container ${name} is killed ${after(end)} because its ${probe}${said}`;
  const how =
    end.signal || end.exitCode > 128
      ? `is ended by ${signalName(end.signal || end.exitCode - 128)}`
      : `exits with code ${end.exitCode}`;
  const still = end.exitCode === 0 ? ' (a server has to keep running)' : '';
  return `container ${name} ${how} ${after(end)}${still}${said}`;
}

/** The probe for which the kubelet has ended a run, and what it got to see (kubernetes, pkg/kubelet/kuberuntime). */
function failedProbe(facts: Facts, pod: Pod, name: string, end: Terminated): string | undefined {
  const told = eventsOf(facts, pod.metadata?.uid).filter((event) => timeOf(event) >= msOf(end.startedAt));
  const kind = told
    .map(({ reason, message = '' }) => ({
      reason,
      found: /^Container (\S+) failed (\w+) probe/.exec(message),
    }))
    .findLast(({ reason, found }) => reason === 'Killing' && found?.[1] === name)?.found?.[2];
  if (kind === undefined) return undefined;
  const seen = told.findLast(
    ({ reason, message = '' }) =>
      reason === 'Unhealthy' && message.toLowerCase().startsWith(`${kind} probe failed: `),
  );
  const detail = seen?.message?.slice(`${kind} probe failed: `.length).trim().split('\n')[0];
  return `${kind} probe fails${detail === undefined ? '' : ` (${detail})`}`;
}

function after({ startedAt, finishedAt }: Terminated): string {
  const seconds = (Date.parse(String(finishedAt)) - Date.parse(String(startedAt))) / 1000;
  return seconds < AT_ONCE || Number.isNaN(seconds)
    ? 'right after its start'
    : `${Math.round(seconds)} s after its start`;
}

function signalName(number: number): string {
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return name ?? `signal ${number}`;
}

function limitOf({ spec }: Pod, name: string): string {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const limit = containers.find((container) => container.name === name)?.resources?.limits?.memory;
  return limit === undefined
    ? ' (the node had none left)'
    : ` (its limit is ${limit}, resources.limits.memory in fairlead.yaml)`;
}
