import { createHash, createHmac } from 'node:crypto';

/** Which VM is meant, before there is one: the same words give the same VM, whoever asks and however often. */
export interface VmName {
  /** The image with its version: a VM of an older one is not used any more. */
  image: string;
  app: string;
  /** `2026-03-12`, of the time at which the VM was first asked for. */
  day: string;
  /** Builds of one app that go on at the same time have a VM each, counted from 0. */
  slot: number;
  /** From 0: the next VM when one has ended. */
  generation: number;
}

/** Makes RunMicrovm idempotent: asked twice with the same token, it runs one VM. 64 characters. */
export function clientToken({ image, app, day, slot, generation }: VmName): string {
  const words = JSON.stringify([image, app, day, slot, generation]);
  return createHash('sha256').update(words).digest('hex');
}

/** The key that the VM of `token` is told by its run hook, known to whoever has the installation's secret. */
export function runKey(secret: string, token: string): string {
  return createHmac('sha256', secret).update(`microvm ${token}`).digest('hex');
}

/** Where a build is, and how far it was heard: what a RemoteEngine's id stands for. Nothing in it is secret. */
export interface Handle {
  vm: string;
  /** Of the VM. */
  token: string;
  /** The event to hear next. */
  from: number;
  /** VMs that ended in the middle of this build. */
  lost: number;
  /** Times that the build broke in a VM that lived on. */
  broken: number;
}

export function encodeHandle({ vm, token, from, lost, broken }: Handle): string {
  return Buffer.from(JSON.stringify([vm, token, from, lost, broken])).toString('base64url');
}

/** Undefined when `id` is nothing that {@link encodeHandle} gave. */
export function decodeHandle(id: string): Handle | undefined {
  try {
    const [vm, token, from, lost, broken] = JSON.parse(Buffer.from(id, 'base64url').toString('utf8'));
    const numbers = [from, lost, broken].every((value) => Number.isInteger(value) && value >= 0);
    if (typeof vm !== 'string' || typeof token !== 'string' || !numbers) return undefined;
    return { vm, token, from, lost, broken };
  } catch {
    return undefined;
  }
}
