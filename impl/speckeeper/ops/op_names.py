"""Short names of opcodes, as the last operation of a connection is shown (ZooKeeper Request,
FinalRequestProcessor).
"""

from speckeeper.wire.codes import OpCode

_NAMES: dict[int, str] = {
    OpCode.PING: "PING",
    OpCode.CREATE_SESSION: "SESS",
    OpCode.CREATE: "CREA",
    OpCode.CREATE2: "CREA",
    OpCode.CREATE_TTL: "CREA",
    OpCode.CREATE_CONTAINER: "CREA",
    OpCode.DELETE: "DELE",
    OpCode.DELETE_CONTAINER: "DELE",
    OpCode.SET_DATA: "SETD",
    OpCode.SET_ACL: "SETA",
    OpCode.MULTI: "MULT",
    OpCode.MULTI_READ: "MLTR",
    OpCode.RECONFIG: "RECO",
    OpCode.CLOSE_SESSION: "CLOS",
    OpCode.SYNC: "SYNC",
    OpCode.EXISTS: "EXIS",
    OpCode.GET_DATA: "GETD",
    OpCode.GET_CHILDREN: "GETC",
    OpCode.GET_CHILDREN2: "GETC",
    OpCode.GET_ACL: "GETA",
    OpCode.GET_ALL_CHILDREN_NUMBER: "GETACN",
    OpCode.GET_EPHEMERALS: "GETE",
    OpCode.SET_WATCHES: "SETW",
    OpCode.SET_WATCHES2: "STW2",
    OpCode.ADD_WATCH: "ADDW",
    OpCode.CHECK_WATCHES: "CHKW",
    OpCode.REMOVE_WATCHES: "REMW",
    OpCode.WHO_AM_I: "HOMI",
}


def op_name(op: int) -> str:
    """Return the name of an opcode, NA if there was no operation yet."""
    return _NAMES.get(op, "NA")
