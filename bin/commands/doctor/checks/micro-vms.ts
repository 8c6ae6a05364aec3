import { absent, notOk, ok } from '../finding.ts';
import type { Check } from '../patient.ts';

/** Where AWS has Lambda MicroVMs (AWS Lambda, "MicroVMs", Regions; November 2026). */
const MICROVM_REGIONS = ['us-east-1', 'us-east-2', 'us-west-2', 'eu-west-1', 'ap-northeast-1'];

export const microVms: Check = {
  about: 'MicroVMs',
  needs: [],
  async look({ config, settings }) {
    if (!config.engines.microvm) return [absent('MicroVMs', 'they are off in fairlead.config.ts')];
    const { STSClient } = await import('@aws-sdk/client-sts');
    const region = await new STSClient(settings('STS') ?? {}).config.region();
    return [
      MICROVM_REGIONS.includes(region)
        ? ok('MicroVMs', `${region} has them`)
        : notOk(
            'MicroVMs',
            `${region} has none`,
            `engines: { microvm: false } in fairlead.config.ts, or one of ${MICROVM_REGIONS.join(', ')}`,
          ),
    ];
  },
};
