// What tests see does not depend on who runs them, a person at a terminal or a service that wants colours.
for (const name of ['CI', 'FORCE_COLOR']) delete process.env[name];
process.env.NO_COLOR = '1';
