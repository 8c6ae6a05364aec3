import type { HostKind } from '../host-kind.ts';
import type { Digest } from '../image/types.ts';
import type { Subject } from '../log.ts';

/** What the build-image function is asked: the image of one commit, published to one repository. */
export interface BuildRequest {
  subject: Subject;
  /** The git repository that `subject.commit` is in. */
  repository: { host: HostKind; owner: string; name: string };
  /** `HOST[:PORT]/PATH`, without a tag. */
  publishTo: string;
  /** For people; the digest decides. */
  tags: string[];
  /** Where it will run: an app's own manifests are rendered for that. Nothing is rendered when absent. */
  environment?: { name: string; namespace: string };
  /** The right to deploy that this is done under: another build of the same commit, under another one, is another build. */
  fence: number;
  /** A build that was handed over by an earlier invocation and goes on: it is followed, and nothing is begun. */
  continues?: HandedOver;
}

/** A build that somebody else carries out. */
export interface HandedOver {
  engine: 'microvm' | 'codebuild';
  /** What that engine knows it by; opaque. */
  id: string;
  /** What the image is for: `linux/arm64`. */
  platform: string;
}

/** How a build ended. What is thrown instead (FairleadError) is worth another try. */
export type BuildAnswer =
  | {
      outcome: 'built';
      digest: Digest;
      /** `HOST[:PORT]/PATH@sha256:…` */
      image: string;
      /** TCP ports of the image's EXPOSE, ascending. */
      exposedPorts: number[];
      /** The image's ENV, as `NAME=value`. */
      env?: string[];
      /** The image's USER. */
      user?: string;
      /** The processor that the image is for: `arm64`. */
      architecture?: string;
      /** Text of the commit's `fairlead.yaml`, where it has one. */
      appFile?: string;
      /** The app's own manifests, where its `fairlead.yaml` names some; `objects` is what lib/manifests/pack.ts packs. */
      manifests?: { objects: string };
      ms: number;
      uploadedBytes: number;
    }
  /** It goes on without this invocation: ask again with `continues`. */
  | ({ outcome: 'building' } & HandedOver)
  | {
      outcome: 'failed';
      /** `commit`: the same commit would fail again. `elsewhere`: somebody else has something to put right first. */
      blame: 'commit' | 'elsewhere';
      /** One line. */
      reason: string;
      /** Several lines: what the compiler said, the Dockerfile around the line. */
      details: string;
      /** Line of the Dockerfile, from 1. */
      line?: number;
    };
