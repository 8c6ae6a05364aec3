/** dynalite ships no types; these are of the options and the result that are used here. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface Options {
    /** How long a table stays in CREATING, DELETING, UPDATING, in milliseconds. */
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }
  export default function dynalite(options?: Options): Server;
}
