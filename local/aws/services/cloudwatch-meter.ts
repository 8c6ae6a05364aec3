/** One value that an AWS service tells CloudWatch about itself. */
export interface Measurement {
  /** `AWS/Lambda` */
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, string>>;
  value: number;
  unit: 'Count' | 'Milliseconds';
}

/** Where the services of the local cloud say what AWS's say of themselves, by the same names and dimensions. */
export type Meter = (measurement: Measurement) => void;
