// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { describe, expect, it } from 'vitest';
import { instructionOf } from './support.ts';

const mountOf = (text: string) => {
  const run = instructionOf(`RUN --mount=${text} x`);
  return run.keyword === 'RUN' ? run.mounts[0] : undefined;
};

describe('RUN --mount', () => {
  it.each<[string, object]>([
    ['target=/a', { type: 'bind', target: '/a', readOnly: true }],
    ['type=bind,target=/a,rw', { type: 'bind', target: '/a', readOnly: false }],
    ['type=bind,dst=/a,readwrite=false', { type: 'bind', target: '/a', readOnly: true }],
    ['type=bind,destination=/a,src=b,from=c', { target: '/a', source: 'b', from: 'c', readOnly: true }],
    ['source=go.mod,target=go.mod', { source: 'go.mod', target: 'go.mod' }],
    ['TYPE=Bind,Target=$x/a', { type: 'bind', target: '$x/a' }],
    ['type=cache,target=/a', { type: 'cache', target: '/a', sharing: 'shared', readOnly: false }],
    ['target=/a,type=cache,ro', { type: 'cache', readOnly: true }],
    ['type=cache,target=/a,readonly=true', { readOnly: true }],
    ['type=cache,target=/a,ro=0', { readOnly: false }],
    ['type=cache,target=/a,id=b,sharing=Locked', { id: 'b', sharing: 'locked' }],
    ['type=cache,target=/a,from=b,source=/c', { from: 'b', source: '/c' }],
    ['type=cache,target=/a,mode=0700,uid=1000,gid=$g', { mode: '0700', uid: '1000', gid: '$g' }],
    ['type=tmpfs,target=/a', { type: 'tmpfs', target: '/a' }],
    ['type=tmpfs,target=/a,size=64m', { size: 67_108_864 }],
    ['type=tmpfs,target=/a,size=1.5GiB', { size: 1_610_612_736 }],
    ['type=tmpfs,target=/a,size=100', { size: 100 }],
    ['type=secret,id=a', { type: 'secret', id: 'a', required: false }],
    ['type=secret,id=a,required', { required: true }],
    ['type=secret,id=a,required=false', { required: false }],
    ['type=secret,source=a', { id: 'a' }],
    ['type=secret,target=/root/.npmrc', { id: '.npmrc', target: '/root/.npmrc' }],
    ['type=secret,id=a,env=TOKEN', { id: 'a', env: 'TOKEN' }],
    ['type=secret,id=a,mode=0444,uid=1,gid=2', { mode: '0444', uid: '1', gid: '2' }],
    ['type=ssh', { type: 'ssh', required: false }],
    ['type=ssh,id=a,target=/s,required,mode=0600', { id: 'a', target: '/s', required: true, mode: '0600' }],
    ['"type=cache,target=/a"', { type: 'cache', target: '/a' }],
    ['type=cache,\\"target=/a,b\\",id=c', { target: '/a,b', id: 'c' }],
    ['type=cache,\\"target=/a\\"\\"b\\"', { target: '/a"b' }],
    ["type=cache,target='/a b'", { target: '/a b' }],
  ])('reads %s', (text, expected) => {
    expect(mountOf(text)).toMatchObject(expected);
  });

  it('says no more than was written', () => {
    expect(mountOf('type=secret,id=a')).toEqual({ type: 'secret', id: 'a', required: false });
    expect(mountOf('type=ssh')).toEqual({ type: 'ssh', required: false });
    expect(mountOf('target=/a')).toEqual({ type: 'bind', target: '/a', readOnly: true });
  });

  it('keeps the order of several', () => {
    expect(instructionOf('RUN --mount=target=/a --mount=type=cache,target=/b x')).toMatchObject({
      mounts: [{ target: '/a' }, { target: '/b' }],
    });
  });

  it.each<[string, RegExp]>([
    ['type=cahce,target=/a', /knows no type cahce, did you mean cache\?/],
    ['type=volume,target=/a', /knows no type volume .*one of bind, cache, tmpfs, secret, ssh/],
    ['type=cache', /the cache mount has no target/],
    ['type=cache,target=', /the cache mount has no target/],
    ['type=bind', /the bind mount has no target/],
    ['type=cache,tagret=/a', /a cache mount knows no tagret=, did you mean target\?/],
    ['type=cache,target=/a,required', /a cache mount knows no required=/],
    ['type=ssh,source=/a', /an ssh mount knows no source=/],
    ['type=secret,id=a,sharing=locked', /a secret mount knows no sharing=/],
    ['type=secret', /the secret mount has no id/],
    ['type=secret,id=a,source=b', /both id= and source=/],
    ['type=cache,target=/a,sharing=lokced', /sharing of the cache mount is lokced, did you mean locked\?/],
    ['type=cache,target=/a,mode=9', /mode of the cache mount is 9.*octal/],
    ['type=cache,target=/a,uid=root', /uid of the cache mount is root/],
    ['type=cache,target=/a,ro=maybe', /readonly of the cache mount is maybe/],
    ['type=cache,target', /target of the cache mount has no value/],
    ['type=cache,target=/a,', /"" has no key/],
    ['type=cache,=/a', /"=\/a" has no key/],
    ['type=tmpfs,target=/a,size=big', /size of the tmpfs mount is big/],
    ['target=/a,from=$b', /from of the bind mount does not take variables/],
    ['type=cache,target=/a\\"b', /a quote stands inside of a field/],
    ['type=cache,\\"target=/a', /a quote is not closed/],
    ['type=cache,\\"target=/a\\"b', /something follows a closing quote/],
  ])('refuses %s', (text, message) => {
    expect(() => mountOf(text)).toThrow(message);
    expect(() => mountOf(text)).toThrow(expect.objectContaining({ code: 'dockerfile/bad-flag' }));
  });
});
