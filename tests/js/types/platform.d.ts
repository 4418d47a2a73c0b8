// What browsers have and TypeScript's own descriptions lack: Web Bluetooth, the battery, files of a worker.
interface Navigator { bluetooth?: any; getBattery?(): Promise<any>; audioSession?: any; }
interface FileSystemFileHandle { createSyncAccessHandle(): Promise<any>; }
interface FileSystemHandle { getFile(): Promise<File>; }
