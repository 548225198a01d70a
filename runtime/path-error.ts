/** Why a path cannot be used, for who typed it, and where that helps what to do. */
export function pathReason(error: unknown, what: 'read' | 'written'): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return what === 'read' ? 'no such file' : 'cannot be written: its folder is not there; make that first';
    case 'EISDIR':
      return 'is a directory, not a file';
    case 'ENOTDIR':
      return 'a part of its path is a file, not a folder';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `cannot be ${what}: permission denied (${code})`;
    default:
      return `cannot be ${what} (${code ?? message})`;
  }
}
