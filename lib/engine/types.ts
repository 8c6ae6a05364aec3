import type { BuildFacts } from '../build/plan/needs.ts';
import type { ProgressEvent } from '../build/progress.ts';
import type { BuildAnswer, BuildRequest } from '../build/request.ts';
import type { Digest, Platform } from '../image/types.ts';

/** Who can carry out a build: the function itself, or one that it hands the build to. */
export type EngineName = 'function' | RemoteEngineName;
export type RemoteEngineName = 'microvm' | 'codebuild';

/** A build to hand over. The commit is fetched by who carries it out. */
export interface RemoteJob {
  /**
   * Names the build, `[a-z0-9]{40}`: the same for every try to start or follow it, another one for every other. A build
   * whose name an engine knows is not begun a second time.
   */
  name: string;
  /** What to build and where to publish it. */
  request: BuildRequest;
  /** What the image is for. */
  platform: Platform;
}

/** What is told while a build goes on. Times are in milliseconds. */
export type BuildEvent =
  | ProgressEvent
  | { type: 'built'; ms: number }
  | {
      type: 'published';
      digest: Digest;
      /** `HOST[:PORT]/PATH` */
      publishTo: string;
      uploadedBytes: number;
      totalBytes: number;
      ms: number;
    }
  /** What the build made is kept for the next one, on whichever machine; `ms` is what it took beyond the publishing. */
  | { type: 'cached'; sentBytes: number; totalBytes: number; ms: number };

/** How a build that came to its end ended. */
export type EndedAnswer = Exclude<BuildAnswer, { outcome: 'building' }>;

/** What became of a build until now; `id` is what to follow it by from here on. */
export type Followed = { state: 'running'; id: string } | { state: 'ended'; answer: EndedAnswer };

/**
 * One that builds are handed to. A build may outlast the function that began it (15 minutes), so that its `id` is all
 * that has to be kept: another invocation follows it by that.
 */
export interface RemoteEngine {
  readonly name: RemoteEngineName;
  /** As people call it: `a MicroVM`, `CodeBuild`. */
  readonly title: string;
  /** Why it cannot carry out such a build; nothing when it can. Pure. */
  whyNot(facts: BuildFacts): string | undefined;
  /**
   * Begins the build, or finds it begun: asked again with the same `job.name`, it answers the same build.
   *
   * @returns an opaque id, at most 1,024 characters, without anything secret in it
   * @throws FairleadError `engine/unavailable` when there is no room for it here and now (quota, capacity, region): the
   * build goes to another engine. Whatever else is thrown is a fault; `temporary` ones are worth another try.
   */
  start(job: RemoteJob, signal?: AbortSignal): Promise<{ id: string }>;
  /**
   * Tells what happens in a build, from where the last `follow` of this `id` stopped, until it ends or `until` is over;
   * answers `running` shortly before that. The `id` it answers replaces the one it was given.
   *
   * @throws FairleadError as `start`, and `engine/exhausted` when the build needs more than it has: more disk, memory or
   * time. A build that ended badly otherwise is an answer, not an error
   */
  follow(job: RemoteJob, id: string, onEvent: (event: BuildEvent) => void, until: Date): Promise<Followed>;
}
