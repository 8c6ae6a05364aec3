module podruntime

go 1.19
