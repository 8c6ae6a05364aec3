#!/usr/bin/env node
// What the CDK calls in place of docker, as CDK_DOCKER says, so that nothing but this checkout is needed to publish
// container assets. It is the command `fairlead` with one word in front; started by whatever Node there is.
process.argv.splice(2, 0, 'docker');
await import('./fairlead.js');
