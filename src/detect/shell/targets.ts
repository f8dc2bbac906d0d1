/** What `rm -r` is pointed at, as the fact it makes. The worst operand decides. */
export function rmTarget(operands: readonly string[]): "delete_root" | "delete_recursive" | "delete_scratch" {
  const kinds = operands.map(kindOf);
  if (kinds.includes("delete_root")) return "delete_root";
  return kinds.includes("delete_recursive") ? "delete_recursive" : "delete_scratch";
}

const SYSTEM =
  /^\/(?:bin|boot|dev|etc|home|lib|lib64|opt|proc|root|sbin|srv|sys|usr|var|Users|System|Library|Applications|mnt|media|data)?(?:\/\*?)?$/;
const HOME = /^(?:~[\w-]{0,32}|\$HOME|\$\{HOME\}|\/home\/[^/]{1,64}|\/Users\/[^/]{1,64}|\/root)(?:\/\*?)?$/;
const DEEP_SYSTEM = /^\/(?:bin|boot|dev|etc|lib|lib64|proc|sbin|sys|usr|System|root)\//;
/** Roots of Windows; the lexer leaves `C:Windows` of `C:\\Windows`. */
const WINDOWS =
  /^[A-Za-z]:[\\/]{0,2}(?:\*.{0,8}|windows.{0,80}|users(?:[\\/]{0,2}[\w.-]{0,40})?|program ?files.{0,80}|programdata.{0,80})?$|^(?:%(?:systemroot|windir|userprofile|systemdrive|programfiles|appdata|homepath)%|\$env:(?:systemroot|windir|userprofile|systemdrive|programfiles|appdata|homepath))[\\/]{0,2}\*?$/i;
const SCRATCH =
  /^(?:\/tmp\/|\/var\/tmp\/|\$TMPDIR\/|\$\{TMPDIR\}\/)[^*]{0,200}[\w.-]|^(?:\.\/)?(?:node_modules|dist|build|target|coverage|out|tmp)\/[\w.-]|(?:^\.?|\/)(?:node_modules|dist|build|target|__pycache__|\.cache|\.pytest_cache|\.next|\.nuxt|coverage|\.turbo|\.venv|venv|\.mypy_cache|out|tmp|\.tox|\.gradle|\.parcel-cache|\.eggs)\/?$|^\.?\/?(?:bin|obj)\/?$/;

function kindOf(raw: string): "delete_root" | "delete_recursive" | "delete_scratch" {
  const target = raw.replaceAll(/\/{2,16}/g, "/").replaceAll("/./", "/");
  if (
    /^(?:\*|\.|\.\.|\.\/|\.\.\/|\.\/\*|\.\*|\.\.\/\*|\/\*)$/.test(target) ||
    SYSTEM.test(target) ||
    HOME.test(target)
  )
    return "delete_root";
  if (/^(?:\.\.\/){1,32}\*?$/.test(target) || /^[A-Za-z]:[\\/]{0,2}\*?$/.test(target)) return "delete_root";
  if (WINDOWS.test(target)) return "delete_root";
  // An unset variable leaves the root: rm -rf "$DIR/".
  if (/^\$\{?\w{1,64}\}?\/\*?$/.test(target)) return "delete_root";
  if (DEEP_SYSTEM.test(target)) return "delete_recursive";
  if (SCRATCH.test(target) && !target.includes("..")) return "delete_scratch";
  return "delete_recursive";
}

/** A folder of the system, whole. */
export function systemTarget(path: string): boolean {
  return /^(?:~|\$HOME|\/(?:bin|boot|dev|etc|home|lib|lib64|proc|root|sbin|sys|usr|var)?)(?:\/\*?)?$/.test(
    path,
  );
}

/** A file of the system: under /etc, /usr, /boot… */
export function systemFile(path: string): boolean {
  return DEEP_SYSTEM.test(path);
}

/** A disk or partition. */
export function deviceTarget(path: string): boolean {
  return /^\/dev\/(?:[shv]d[a-z]|nvme\d|disk\d|rdisk\d|mmcblk\d|xvd[a-z]|dm-\d|mapper\/|md\d|mem$|kmem$|loop\d)/.test(
    path,
  );
}
