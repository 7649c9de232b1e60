// Says what Renovate's own rules make of each version that it found: rules.cjs DIST REPORT < renovate.json. One JSON
// object per line: where, what, in which group, up to which version, how old it must be, and whether it moves at all.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const [dist, report] = process.argv.slice(2);
const { migrateConfig } = require(join(dist, 'config/migration'));
const { resolveConfigPresets } = require(join(dist, 'config/presets'));
const { applyPackageRules } = require(join(dist, 'util/package-rules'));

async function main() {
  const config = await resolveConfigPresets(migrateConfig(JSON.parse(readFileSync(0, 'utf8'))).migratedConfig);
  const { repositories } = JSON.parse(readFileSync(report, 'utf8'));
  for (const { packageFiles } of Object.values(repositories)) {
    for (const [manager, files] of Object.entries(packageFiles)) {
      for (const { packageFile, deps } of files) {
        for (const dep of deps) {
          const about = { manager, packageFile, packageName: dep.depName, ...dep };
          const { groupName, allowedVersions, minimumReleaseAge, enabled, postUpdateOptions } =
            await applyPackageRules({ ...config, ...about });
          const said = { manager, file: packageFile, name: dep.depName, group: groupName, allowed: allowedVersions };
          console.log(JSON.stringify({ ...said, age: minimumReleaseAge, enabled: enabled ?? true, after: postUpdateOptions }));
        }
      }
    }
  }
}

main();
